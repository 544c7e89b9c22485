#include "io/printable.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace sdw::io {

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::size_t end = std::min(max_bytes, text.size());
  // Back to a character's first byte.
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string kept(text.substr(0, end));
  if (end < text.size()) kept += "...";
  return nlohmann::json(std::move(kept)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sdw::io
