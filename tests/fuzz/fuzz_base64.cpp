#include <algorithm>

#include "fuzz/target.h"
#include "io/base64.h"

namespace sdw::fuzz {

void base64(std::span<const std::byte> bytes) {
  constexpr std::size_t kMaxBytes = 1 << 16;
  const std::string_view text = as_text(bytes);
  (void)io::decode_base64_picture(text, kMaxBytes);
  if (const auto decoded = io::decode_base64(text, kMaxBytes)) {
    std::string spelling(text);
    std::erase_if(spelling,
                  [](char c) { return std::string_view(" \t\r\n\f\v").find(c) != std::string_view::npos; });
    require(io::encode_base64(*decoded) == spelling, "every byte string has one spelling");
  }
  const auto back = io::decode_base64(io::encode_base64(bytes), bytes.size());
  require(back.ok() && std::ranges::equal(*back, bytes), "what is encoded decodes to the same");
}

}  // namespace sdw::fuzz
