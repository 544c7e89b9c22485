#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sdw::io {

// Untrusted text made fit for one line of a message: as a JSON string, in double quotes with controls escaped
// and bytes that are not UTF-8 replaced, cut after about `max_bytes` at a character's edge.
std::string printable(std::string_view text, std::size_t max_bytes = 120);

}  // namespace sdw::io
