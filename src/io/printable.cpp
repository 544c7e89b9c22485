#include "io/printable.h"

#include <nlohmann/json.hpp>

namespace sdw::io {

std::string printable(std::string_view text, std::size_t max_bytes) {
  std::string kept(text.substr(0, max_bytes));
  if (kept.size() < text.size()) {
    // Drop the last character's bytes: the cut may have split it.
    while (!kept.empty() && (static_cast<unsigned char>(kept.back()) & 0xC0) == 0x80) kept.pop_back();
    if (!kept.empty() && static_cast<unsigned char>(kept.back()) >= 0xC0) kept.pop_back();
    kept += "...";
  }
  return nlohmann::json(std::move(kept)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sdw::io
