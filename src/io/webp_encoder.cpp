#include <memory>
#include <webp/encode.h>

#include "io/codecs.h"

namespace sdw::io {

Result<std::vector<std::byte>> encode_webp(const Picture& picture, int quality) {
  if (picture.width > WEBP_MAX_DIMENSION || picture.height > WEBP_MAX_DIMENSION) {
    return Error{ErrorCode::invalid_request,
                 "a picture too large for WebP; its sides may have 16383 pixels at most"};
  }
  std::uint8_t* output = nullptr;
  const std::size_t size = WebPEncodeRGB(picture.pixels.data(), picture.width, picture.height,
                                         picture.width * 3, static_cast<float>(quality), &output);
  const std::unique_ptr<std::uint8_t, decltype(&WebPFree)> owner(output, &WebPFree);
  if (size == 0) return Error{ErrorCode::out_of_memory, "not enough memory to write a WebP picture"};
  const auto* begin = reinterpret_cast<const std::byte*>(output);
  return std::vector<std::byte>(begin, begin + size);
}

}  // namespace sdw::io
