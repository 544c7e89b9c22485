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

int orientation_of(spng_ctx* context) {
  spng_exif exif{};
  if (spng_get_exif(context, &exif) == SPNG_OK) {
    return orientation_from_exif({reinterpret_cast<const std::byte*>(exif.data), exif.length});
  }
  std::uint32_t count = 0;
  if (spng_get_text(context, nullptr, &count) != SPNG_OK) return 1;
  std::vector<spng_text> texts(count);
  if (spng_get_text(context, texts.data(), &count) != SPNG_OK) return 1;
  for (const spng_text& text : texts) {
    if (std::string_view(text.keyword) == "XML:com.adobe.xmp")
      return orientation_from_xmp({text.text, text.length});
  }
  return 1;
}

}  // namespace

Result<Picture> decode_png(std::span<const std::byte> bytes, const DecodeLimits& limits) {
  const Context context(spng_ctx_new(0), &spng_ctx_free);
  if (!context) return failure(SPNG_EMEM);
  spng_set_crc_action(context.get(), SPNG_CRC_ERROR, SPNG_CRC_ERROR);
  spng_set_chunk_limits(context.get(), kMaxChunkBytes, kMaxKeptBytes);
  if (const int code = spng_set_png_buffer(context.get(), bytes.data(), bytes.size())) return failure(code);

  spng_ihdr header{};
  if (const int code = spng_get_ihdr(context.get(), &header)) return failure(code);
  if (Status size = check_size(header.width, header.height, limits); !size) return size.error();

  Picture picture{static_cast<int>(header.width), static_cast<int>(header.height), {}};
  picture.pixels.resize(std::size_t{header.width} * header.height * 3);
  if (const int code =
          spng_decode_image(context.get(), picture.pixels.data(), picture.pixels.size(), SPNG_FMT_RGB8, 0)) {
    return failure(code);
  }
  // To the end of the file: a picture whose last chunks are missing is cut short.
  if (const int code = spng_decode_chunks(context.get())) return failure(code);
  return upright(std::move(picture), orientation_of(context.get()));
}

}  // namespace sdw::io
