#include "io/printable.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sdw::io {
namespace {

// The controls that JSON leaves as they are: DEL, and U+0080 to U+009F, with which a terminal's commands
// begin too. `json` is a string in JSON: a quote ends it.
std::string with_controls_escaped(std::string_view json) {
  std::string escaped;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto byte = static_cast<unsigned char>(json[i]);
    if (byte == 0x7F) {
      escaped += "\\u007f";
    } else if (byte == 0xC2 && static_cast<unsigned char>(json[i + 1]) < 0xA0) {
      escaped += fmt::format("\\u{:04x}", static_cast<unsigned char>(json[++i]));
    } else {
      escaped += json[i];
    }
  }
  return escaped;
}

}  // namespace

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::size_t end = std::min(max_bytes, text.size());
  // Back to a character's first byte.
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  std::string kept(text.substr(0, end));
  if (end < text.size()) kept += "...";
  return with_controls_escaped(
      nlohmann::json(std::move(kept)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace sdw::io
