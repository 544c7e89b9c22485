#include "io/orientation.h"

#include <cstdint>
#include <cstring>
#include <utility>

namespace sdw::io {
namespace {

constexpr int kUpright = 1;
constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kShort = 3;
constexpr std::uint16_t kLong = 4;

// Reads whole numbers in the byte order that the TIFF header names; 0 past the end.
class TiffReader {
 public:
  TiffReader(std::span<const std::byte> bytes, bool little_endian)
      : bytes_(bytes), little_endian_(little_endian) {}

  std::size_t size() const { return bytes_.size(); }

  std::uint32_t read(std::size_t at, std::size_t width) const {
    if (at > bytes_.size() || bytes_.size() - at < width) return 0;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t shift = 8 * (little_endian_ ? i : width - 1 - i);
      value |= std::to_integer<std::uint32_t>(bytes_[at + i]) << shift;
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool little_endian_;
};

bool begins_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// The place of source pixel (x, y) in the upright picture.
std::pair<int, int> turned(int orientation, int x, int y, int width, int height) {
  switch (orientation) {
    case 2:
      return {width - 1 - x, y};
    case 3:
      return {width - 1 - x, height - 1 - y};
    case 4:
      return {x, height - 1 - y};
    case 5:
      return {y, x};
    case 6:
      return {height - 1 - y, x};
    case 7:
      return {height - 1 - y, width - 1 - x};
    case 8:
      return {y, width - 1 - x};
    default:
      return {x, y};
  }
}

}  // namespace

std::optional<int> orientation_from_exif(std::span<const std::byte> exif) {
  constexpr std::string_view kPrefix("Exif\0\0", 6);
  while (begins_with(exif, kPrefix)) exif = exif.subspan(kPrefix.size());
  const bool little_endian = begins_with(exif, "II");
  if (!little_endian && !begins_with(exif, "MM")) return std::nullopt;

  const TiffReader tiff(exif, little_endian);
  const std::size_t directory = tiff.read(4, 4);
  const std::uint32_t entries = tiff.read(directory, 2);
  std::optional<int> orientation;
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * std::size_t{i};  // tag, type, count, value
    if (entry + 12 > tiff.size()) break;
    if (tiff.read(entry, 2) != kOrientationTag || tiff.read(entry + 4, 4) != 1) continue;
    const std::uint32_t type = tiff.read(entry + 2, 2);
    if (type == kShort) orientation = static_cast<int>(tiff.read(entry + 8, 2));
    if (type == kLong) orientation = static_cast<int>(tiff.read(entry + 8, 4));
  }
  return orientation;
}

std::optional<int> orientation_from_xmp(std::string_view xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (std::size_t at = xmp.find(kName); at != std::string_view::npos; at = xmp.find(kName, at + 1)) {
    std::string_view rest = xmp.substr(at + kName.size());
    if (rest.starts_with("=\"")) {
      rest.remove_prefix(2);
    } else if (rest.starts_with('>')) {
      rest.remove_prefix(1);
    } else {
      continue;
    }
    if (!rest.empty() && rest[0] >= '0' && rest[0] <= '9') {
      return rest[0] - '0';
    }
  }
  return std::nullopt;
}

int orientation_of(std::span<const std::byte> exif, std::string_view xmp) {
  if (const std::optional<int> orientation = orientation_from_exif(exif)) return *orientation;
  return orientation_from_xmp(xmp).value_or(kUpright);
}

Picture upright(Picture picture, int orientation) {
  if (orientation <= kUpright || orientation > 8) return picture;
  const bool quarter_turn = orientation >= 5;
  Picture result{
      quarter_turn ? picture.height : picture.width, quarter_turn ? picture.width : picture.height, {}};
  result.pixels.resize(picture.pixels.size());
  const std::uint8_t* from = picture.pixels.data();
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x, from += 3) {
      const auto [to_x, to_y] = turned(orientation, x, y, picture.width, picture.height);
      const auto to = (static_cast<std::size_t>(to_y) * static_cast<std::size_t>(result.width) +
                       static_cast<std::size_t>(to_x)) *
                      3;
      std::memcpy(result.pixels.data() + to, from, 3);
    }
  }
  return result;
}

}  // namespace sdw::io
