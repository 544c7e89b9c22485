#include <gtest/gtest.h>

#include "io/orientation.h"
#include "unit/io/temporary_folder.h"

namespace sdw::io {
namespace {

using namespace std::string_literals;

// A TIFF structure with one entry: tag, type, count and value as given, little-endian.
std::string exif(int tag, int type, int count, int value) {
  const auto pair = [](int number) {
    return std::string{static_cast<char>(number & 0xFF), static_cast<char>(number >> 8)};
  };
  return "II*\0\x08\0\0\0\x01\0"s + pair(tag) + pair(type) + pair(count) + "\0\0"s + pair(value) + "\0\0"s +
         "\0\0\0\0"s;
}

std::optional<int> from_exif(const std::string& bytes) {
  return orientation_from_exif(bytes_of(bytes));
}

// 3 x 2 pixels, the red channel counts them.
Picture counted() {
  Picture picture{3, 2, std::vector<std::uint8_t>(18)};
  for (std::size_t i = 0; i < 6; ++i) picture.pixels[3 * i] = static_cast<std::uint8_t>(i);
  return picture;
}

std::vector<int> reds(const Picture& picture) {
  std::vector<int> values;
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) values.push_back(picture.pixels[i]);
  return values;
}

TEST(Orientation, IsReadFromEitherByteOrderAndWithOrWithoutThePrefix) {
  EXPECT_EQ(from_exif(exif(0x0112, 3, 1, 6)), 6);
  EXPECT_EQ(from_exif("Exif\0\0"s + exif(0x0112, 3, 1, 8)), 8);
  EXPECT_EQ(from_exif(exif(0x0112, 4, 1, 3)), 3);
  EXPECT_EQ(from_exif("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x05\0\0"s), 5);
}

TEST(Orientation, IsAbsentWhereTheTagIsMissingOrMalformed) {
  EXPECT_EQ(from_exif(exif(0x0110, 3, 1, 6)), std::nullopt);
  EXPECT_EQ(from_exif(exif(0x0112, 2, 1, 6)), std::nullopt);
  EXPECT_EQ(from_exif(exif(0x0112, 3, 2, 6)), std::nullopt);
  for (const std::string& bytes : {""s, "I"s, "II"s, "II*\0"s, "II*\0\xff\xff\xff\xff"s, "XX*\0\x08\0\0\0"s,
                                   exif(0x0112, 3, 1, 6).substr(0, 20), "II*\0\x08\0\0\0\xff\xff"s}) {
    EXPECT_EQ(from_exif(bytes), std::nullopt);
  }
}

TEST(Orientation, IsReadFromXmpAttributesAndElements) {
  EXPECT_EQ(orientation_from_xmp(R"(<x tiff:Orientation="6"/>)"), 6);
  EXPECT_EQ(orientation_from_xmp("<tiff:Orientation>3</tiff:Orientation>"), 3);
  EXPECT_EQ(orientation_from_xmp(R"(tiff:Orientation tiff:Orientation="8")"), 8);
  for (const char* text :
       {"", "tiff:Orientation", "tiff:Orientation=\"", "tiff:Orientation>x", "exif:Orientation=\"6\""}) {
    EXPECT_EQ(orientation_from_xmp(text), std::nullopt) << text;
  }
}

TEST(Orientation, ExifGoesBeforeXmp) {
  constexpr std::string_view kXmp = R"(tiff:Orientation="6")";
  EXPECT_EQ(orientation_of(bytes_of(exif(0x0112, 3, 1, 3)), kXmp), 3);
  EXPECT_EQ(orientation_of(bytes_of(exif(0x0110, 3, 1, 3)), kXmp), 6);
  EXPECT_EQ(orientation_of({}, ""), 1);
}

TEST(Orientation, TurnsAndMirrorsThePicture) {
  const std::vector<std::vector<int>> expected = {
      {0, 1, 2, 3, 4, 5}, {2, 1, 0, 5, 4, 3}, {5, 4, 3, 2, 1, 0}, {3, 4, 5, 0, 1, 2},
      {0, 3, 1, 4, 2, 5}, {3, 0, 4, 1, 5, 2}, {5, 2, 4, 1, 3, 0}, {2, 5, 1, 4, 0, 3},
  };
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const Picture turned = upright(counted(), orientation);
    EXPECT_EQ(turned.width, orientation < 5 ? 3 : 2) << orientation;
    EXPECT_EQ(turned.height, orientation < 5 ? 2 : 3) << orientation;
    EXPECT_EQ(reds(turned), expected[static_cast<std::size_t>(orientation - 1)]) << orientation;
  }
  for (const int orientation : {-1, 0, 9, 1000})
    EXPECT_EQ(reds(upright(counted(), orientation)), expected[0]);
}

}  // namespace
}  // namespace sdw::io
