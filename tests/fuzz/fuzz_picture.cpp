#include <algorithm>
#include <boost/crc.hpp>
#include <cstdint>
#include <vector>

#include "fuzz/target.h"
#include "io/picture.h"

namespace sdw::fuzz {
namespace {

std::size_t big_endian_u32(std::span<const std::byte> bytes) {
  std::size_t value = 0;
  for (const std::byte byte : bytes.first(4)) value = value << 8 | std::to_integer<std::size_t>(byte);
  return value;
}

// A PNG with the checksum of each chunk made right: chance never would, and the decoder would stop at the
// first.
std::vector<std::byte> with_right_checksums(std::span<const std::byte> bytes) {
  std::vector<std::byte> png(bytes.begin(), bytes.end());
  for (std::size_t at = 8; at + 12 <= png.size();) {
    const std::size_t length = big_endian_u32(std::span(png).subspan(at));
    if (length > png.size() - at - 12) break;
    boost::crc_32_type crc;
    crc.process_bytes(png.data() + at + 4, length + 4);
    for (int i = 0; i < 4; ++i)
      png[at + 8 + length + i] = static_cast<std::byte>(crc.checksum() >> (24 - 8 * i));
    at += 12 + length;
  }
  return png;
}

void decode(std::span<const std::byte> bytes) {
  const io::DecodeLimits limits{.max_pixels = 1 << 18};
  const auto decoded = io::decode_picture(bytes, limits);
  if (!decoded) {
    const ErrorCode code = decoded.error().code;
    require(code == ErrorCode::input_unreadable || code == ErrorCode::input_too_large,
            "a bad picture is the input's fault");
    require(!decoded.error().message.empty(), "an error has a message");
    return;
  }
  require(decoded->width > 0 && decoded->height > 0, "a picture has pixels");
  const auto count = static_cast<std::size_t>(decoded->width) * static_cast<std::size_t>(decoded->height);
  require(count <= static_cast<std::size_t>(limits.max_pixels), "a picture is within the limit");
  require(decoded->pixels.size() == count * 3, "a picture has three bytes a pixel");
}

}  // namespace

void picture(std::span<const std::byte> bytes) {
  decode(bytes);
  if (as_text(bytes).starts_with("\x89PNG")) decode(with_right_checksums(bytes));
}

}  // namespace sdw::fuzz
