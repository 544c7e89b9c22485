#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::io {

// 8-bit RGB, row-major, interleaved: pixels.size() == width * height * 3.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;
};

enum class PictureFormat { png, jpeg, webp };

// "png", "jpeg" (also "jpg"), "webp"; error invalid_request lists the names.
Result<PictureFormat> picture_format_from_name(std::string_view name);
std::string_view to_string(PictureFormat format);
std::string_view media_type(PictureFormat format);  // "image/png", ...

struct DecodeLimits {
  std::int64_t max_pixels = 2048 * 2048;  // checked from the header, before anything is decoded
};

// Decodes PNG, JPEG or WebP by content, as PIL's `Image.open(f)` + `ImageOps.exif_transpose` +
// `.convert("RGB")` does: EXIF rotation applied, alpha dropped, 16-bit, palette, grey and CMYK converted,
// first frame of an animation; of 16-bit grey the upper byte. Errors: input_unreadable, input_too_large.
Result<Picture> decode_picture(std::span<const std::byte> bytes, const DecodeLimits& limits = {});

// `quality` 1..100 is for jpeg and webp; PNG is lossless.
Result<std::vector<std::byte>> encode_picture(const Picture& picture, PictureFormat format, int quality = 90);

}  // namespace sdw::io
