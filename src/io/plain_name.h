#pragma once

#include <string_view>

namespace sdw::io {

// A name that cannot be a path and is fit for one line of a terminal: 1..255 bytes without slashes,
// backslashes and controls (C0, DEL, C1), not beginning with a dot.
bool is_plain_name(std::string_view name);

}  // namespace sdw::io
