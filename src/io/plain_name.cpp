#include "io/plain_name.h"

namespace sdw::io {

bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '.') return false;
  unsigned char last = 0;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '/' || c == '\\' || byte < 0x20 || byte == 0x7f) return false;
    if (last == 0xC2 && byte < 0xA0) return false;  // U+0080 to U+009F in UTF-8
    last = byte;
  }
  return true;
}

}  // namespace sdw::io
