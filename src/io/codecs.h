#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "io/picture.h"

// One decoder and one encoder a format, behind decode_picture and encode_picture; shapes, limits and errors
// as there.
namespace sdw::io {

Result<Picture> decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<Picture> decode_jpeg(std::span<const std::byte> bytes, const DecodeLimits& limits);
Result<Picture> decode_webp(std::span<const std::byte> bytes, const DecodeLimits& limits);

Result<std::vector<std::byte>> encode_png(const Picture& picture);
Result<std::vector<std::byte>> encode_jpeg(const Picture& picture, int quality);
Result<std::vector<std::byte>> encode_webp(const Picture& picture, int quality);

// Whether a picture of that size, as its header claims, may be decoded; all decoders ask before they
// allocate.
Status check_size(std::uint64_t width, std::uint64_t height, const DecodeLimits& limits);

}  // namespace sdw::io
