#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <spng.h>
#include <string_view>

#include "io/codecs.h"
#include "io/orientation.h"

namespace sdw::io {
namespace {

using Context = std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)>;

// Beside the pixels: one chunk (a text, once inflated, or a colour profile), and all that are kept together.
constexpr std::size_t kMaxChunkBytes = 8 << 20;
constexpr std::size_t kMaxKeptBytes = 16 << 20;

Error failure(int code) {
  switch (code) {
    case SPNG_EMEM:
      return {ErrorCode::out_of_memory, "not enough memory for a PNG picture"};
    case SPNG_EOVERFLOW:
      return {ErrorCode::input_too_large, "a PNG picture that claims too many pixels"};
    case SPNG_ECHUNK_LIMITS:
      return {ErrorCode::input_too_large, "a PNG picture with too much text or other data beside its pixels"};
    case SPNG_EOF:
    case SPNG_EIDAT_TOO_SHORT:
      return {ErrorCode::input_unreadable, "a PNG picture that is cut short"};
    case SPNG_ECHUNK_CRC:
      return {ErrorCode::input_unreadable, "a PNG picture with a wrong checksum"};
    default:
      return {ErrorCode::input_unreadable, "a malformed PNG picture"};
  }
}

int read_orientation(spng_ctx* context) {
  std::span<const std::byte> exif;
  if (spng_exif chunk{}; spng_get_exif(context, &chunk) == SPNG_OK) {
    exif = std::as_bytes(std::span(chunk.data, chunk.length));
  }
  std::string_view xmp;
  std::uint32_t count = 0;
  spng_get_text(context, nullptr, &count);
  std::vector<spng_text> texts(count);
  if (count > 0 && spng_get_text(context, texts.data(), &count) == SPNG_OK) {
    for (const spng_text& text : texts) {
      if (std::string_view(text.keyword) == "XML:com.adobe.xmp") xmp = {text.text, text.length};
    }
  }
  return orientation_of(exif, xmp);
}

// All pixels, 8-bit RGB; of 16 bits the upper byte.
Result<std::vector<std::uint8_t>> decode_pixels(spng_ctx* context, const spng_ihdr& header) {
  const std::size_t count = std::size_t{header.width} * header.height;
  std::vector<std::uint8_t> pixels(count * 3);
  if (const int code = spng_decode_image(context, pixels.data(), pixels.size(), SPNG_FMT_RGB8, 0)) {
    return failure(code);
  }
  return pixels;
}

}  // namespace

Result<Picture> decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const Context context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return failure(SPNG_EMEM);
  // Damage to what shows no pixels (a text, a profile) costs only that part.
  spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_DISCARD);
  spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxKeptBytes);
  if (const int code = spng_set_png_buffer(context.get(), bytes.data(), bytes.size())) return failure(code);

  spng_ihdr header{};
  if (const int code = spng_get_ihdr(context.get(), &header)) return failure(code);
  if (Status size = check_size(header.width, header.height, limits); !size) return size.error();

  Result<std::vector<std::uint8_t>> pixels = decode_pixels(context.get(), header);
  if (!pixels) return pixels.error();
  // To the end of the file: a picture whose last chunks are missing is cut short.
  if (const int code = spng_decode_chunks(context.get())) return failure(code);
  Picture picture{static_cast<int>(header.width), static_cast<int>(header.height), std::move(*pixels)};
  return upright(std::move(picture), read_orientation(context.get()));
}

}  // namespace sdw::io
