#include "io/picture.h"

#include <cstring>
#include <fmt/format.h>
#include <stdexcept>

#include "io/codecs.h"
#include "io/printable.h"

namespace sdw::io {
namespace {

// Neither side of a picture may exceed this in any format here, whatever the cap on pixels.
constexpr std::uint64_t kMaxSide = 65535;

bool has_at(std::span<const std::byte> bytes, std::size_t at, std::string_view mark) {
  return bytes.size() >= at + mark.size() && std::memcmp(bytes.data() + at, mark.data(), mark.size()) == 0;
}

}  // namespace

Result<PictureFormat> picture_format_from_name(std::string_view name) {
  if (name == "png") return PictureFormat::png;
  if (name == "jpeg" || name == "jpg") return PictureFormat::jpeg;
  if (name == "webp") return PictureFormat::webp;
  return Error{ErrorCode::invalid_request,
               fmt::format("unknown picture format {}; expected png, jpeg or webp", printable(name))};
}

std::string_view to_string(PictureFormat format) {
  switch (format) {
    case PictureFormat::png:
      return "png";
    case PictureFormat::jpeg:
      return "jpeg";
    case PictureFormat::webp:
      return "webp";
  }
  throw std::invalid_argument("not a picture format");
}

std::string_view media_type(PictureFormat format) {
  switch (format) {
    case PictureFormat::png:
      return "image/png";
    case PictureFormat::jpeg:
      return "image/jpeg";
    case PictureFormat::webp:
      return "image/webp";
  }
  throw std::invalid_argument("not a picture format");
}

Status check_size(std::uint64_t width, std::uint64_t height, const DecodeLimits& limits) {
  if (width == 0 || height == 0) {
    return Error{ErrorCode::input_unreadable, fmt::format("a picture of {}x{} pixels", width, height)};
  }
  if (width > kMaxSide || height > kMaxSide ||
      static_cast<std::int64_t>(width * height) > limits.max_pixels) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("a picture of {}x{} pixels; at most {} pixels are read", width, height,
                             limits.max_pixels)};
  }
  return ok_status();
}

Result<Picture> decode_picture(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  if (has_at(bytes, 0, "\x89PNG\r\n\x1a\n")) return decode_png(bytes, limits);
  if (has_at(bytes, 0, "\xFF\xD8\xFF")) return decode_jpeg(bytes, limits);
  if (has_at(bytes, 0, "RIFF") && has_at(bytes, 8, "WEBP")) return decode_webp(bytes, limits);
  return Error{ErrorCode::input_unreadable, "not a PNG, JPEG or WebP picture"};
}

Result<std::vector<std::byte>> encode_picture(const Picture& picture, PictureFormat format, int quality) {
  if (picture.width <= 0 || picture.height <= 0 ||
      picture.pixels.size() !=
          static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(picture.height) * 3) {
    throw std::invalid_argument(fmt::format("a picture of {}x{} with {} bytes, expected 3 a pixel",
                                            picture.width, picture.height, picture.pixels.size()));
  }
  if (quality < 1 || quality > 100) {
    return Error{ErrorCode::invalid_request, fmt::format("quality {}; expected 1 to 100", quality),
                 "quality"};
  }
  switch (format) {
    case PictureFormat::png:
      return encode_png(picture);
    case PictureFormat::jpeg:
      return encode_jpeg(picture, quality);
    case PictureFormat::webp:
      return encode_webp(picture, quality);
  }
  throw std::invalid_argument("not a picture format");
}

}  // namespace sdw::io
