#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/picture.h"

namespace sdw::io {
namespace {

using testing::HasSubstr;

Picture gradient(int width, int height) {
  Picture picture{width, height, {}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (const int value : {x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)}) {
        picture.pixels.push_back(static_cast<std::uint8_t>(value));
      }
    }
  }
  return picture;
}

double mean_difference(const Picture& a, const Picture& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

class EachFormat : public testing::TestWithParam<PictureFormat> {};
INSTANTIATE_TEST_SUITE_P(Picture, EachFormat,
                         testing::Values(PictureFormat::png, PictureFormat::jpeg, PictureFormat::webp),
                         [](const auto& format) { return std::string(to_string(format.param)); });

TEST_P(EachFormat, IsReadBackNearlyOrExactlyAsItWasWritten) {
  for (const auto& [width, height] : {std::pair(1, 1), {1, 37}, {64, 64}, {301, 17}}) {
    const Picture picture = gradient(width, height);
    const auto bytes = encode_picture(picture, GetParam(), 90);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const auto back = decode_picture(*bytes);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->width, width);
    ASSERT_EQ(back->height, height);
    EXPECT_LE(mean_difference(*back, picture), GetParam() == PictureFormat::png ? 0 : 4)
        << width << "x" << height;
  }
}

TEST_P(EachFormat, TheSamePictureGivesTheSameBytes) {
  const Picture picture = gradient(50, 40);
  EXPECT_EQ(*encode_picture(picture, GetParam()), *encode_picture(picture, GetParam()));
}

TEST_P(EachFormat, APictureBeyondTheLimitIsRefusedWithItsSize) {
  const auto bytes = encode_picture(gradient(101, 100), GetParam());
  EXPECT_TRUE(decode_picture(*bytes, {.max_pixels = 10100}));
  const auto picture = decode_picture(*bytes, {.max_pixels = 10099});
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::input_too_large);
  EXPECT_THAT(picture.error().message, HasSubstr("101x100 pixels; at most 10099"));
}

TEST_P(EachFormat, APictureCutShortAnywhereIsRefused) {
  const auto bytes = encode_picture(gradient(40, 30), GetParam());
  // The last four bytes of a PNG are the checksum of its end mark: all of the picture is there without them.
  const std::size_t whole = bytes->size() - (GetParam() == PictureFormat::png ? 4 : 0);
  for (std::size_t size = 0; size < whole; ++size) {
    const auto picture = decode_picture(std::span(*bytes).first(size));
    ASSERT_FALSE(picture) << size << " of " << bytes->size() << " bytes";
    EXPECT_EQ(picture.error().code, ErrorCode::input_unreadable) << size << ": " << picture.error().message;
  }
}

TEST(Picture, LowerQualityIsSmaller) {
  for (const PictureFormat format : {PictureFormat::jpeg, PictureFormat::webp}) {
    EXPECT_LT(encode_picture(gradient(200, 200), format, 20)->size(),
              encode_picture(gradient(200, 200), format, 95)->size());
  }
}

TEST(Picture, QualityOutsideItsRangeIsTheRequestsFault) {
  for (const int quality : {0, -1, 101}) {
    const auto bytes = encode_picture(gradient(4, 4), PictureFormat::jpeg, quality);
    ASSERT_FALSE(bytes);
    EXPECT_EQ(bytes.error().code, ErrorCode::invalid_request);
    EXPECT_EQ(bytes.error().param, "quality");
  }
}

TEST(Picture, APictureTooWideForItsFormatIsRefused) {
  EXPECT_EQ(encode_picture(gradient(16384, 1), PictureFormat::webp).error().code, ErrorCode::invalid_request);
  EXPECT_EQ(encode_picture(gradient(65501, 1), PictureFormat::jpeg).error().code, ErrorCode::invalid_request);
  EXPECT_TRUE(encode_picture(gradient(16384, 1), PictureFormat::png));
}

TEST(Picture, PixelsThatDoNotFillThePictureAreAProgrammersError) {
  EXPECT_THROW((void)encode_picture({2, 2, std::vector<std::uint8_t>(11)}, PictureFormat::png),
               std::invalid_argument);
  EXPECT_THROW((void)encode_picture({0, 0, {}}, PictureFormat::png), std::invalid_argument);
  EXPECT_THROW((void)encode_picture({-1, -1, std::vector<std::uint8_t>(3)}, PictureFormat::png),
               std::invalid_argument);
}

TEST(Picture, FormatsHaveTheirUsualNames) {
  EXPECT_EQ(*picture_format_from_name("jpg"), PictureFormat::jpeg);
  EXPECT_EQ(*picture_format_from_name("jpeg"), PictureFormat::jpeg);
  EXPECT_EQ(*picture_format_from_name("png"), PictureFormat::png);
  EXPECT_EQ(*picture_format_from_name("webp"), PictureFormat::webp);
  EXPECT_EQ(media_type(PictureFormat::webp), "image/webp");
  const auto unknown = picture_format_from_name("bmp");
  EXPECT_EQ(unknown.error().code, ErrorCode::invalid_request);
  EXPECT_THAT(unknown.error().message, HasSubstr("png, jpeg or webp"));
}

}  // namespace
}  // namespace sdw::io
