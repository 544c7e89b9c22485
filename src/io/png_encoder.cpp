#include <cstdlib>
#include <cstring>
#include <memory>
#include <spng.h>

#include "io/codecs.h"

namespace sdw::io {
namespace {

// Rendered pictures have a grain in which deflate's search for longer matches finds nothing: matching runs
// only, after the Paeth filter, is both smaller and many times faster there than zlib's default strategy at
// any level.
constexpr int kRunLengthStrategy = 3;  // zlib's Z_RLE

Error failure() {
  return {ErrorCode::internal_error, "a picture cannot be written as PNG"};
}

}  // namespace

Result<std::vector<std::byte>> encode_png(const Picture& picture) {
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> context(spng_ctx_new(SPNG_CTX_ENCODER),
                                                                    &spng_ctx_free);
  if (!context) return Error{ErrorCode::out_of_memory, "not enough memory to write a PNG picture"};
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(picture.width);
  header.height = static_cast<std::uint32_t>(picture.height);
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  if (spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1) != SPNG_OK ||
      spng_set_option(context.get(), SPNG_IMG_COMPRESSION_STRATEGY, kRunLengthStrategy) != SPNG_OK ||
      spng_set_option(context.get(), SPNG_FILTER_CHOICE, SPNG_FILTER_CHOICE_PAETH) != SPNG_OK ||
      spng_set_ihdr(context.get(), &header) != SPNG_OK ||
      spng_encode_image(context.get(), picture.pixels.data(), picture.pixels.size(), SPNG_FMT_PNG,
                        SPNG_ENCODE_FINALIZE) != SPNG_OK) {
    return failure();
  }
  std::size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, decltype(&std::free)> png(spng_get_png_buffer(context.get(), &size, &error),
                                                        &std::free);
  if (!png || error != SPNG_OK) return failure();
  const auto* begin = static_cast<const std::byte*>(png.get());
  return std::vector<std::byte>(begin, begin + size);
}

}  // namespace sdw::io
