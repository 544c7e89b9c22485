#pragma once

#include <string_view>

namespace sdw::contract {

// A name that cannot be a path: 1..255 bytes without slashes, backslashes and controls, not beginning with a
// dot.
bool is_plain_name(std::string_view name);

}  // namespace sdw::contract
