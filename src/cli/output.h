#pragma once

#include <string_view>

#include "support/result.h"

namespace sdw::cli {

// Writes a result to standard output. Error: io_error, where not all of it could be written.
Status print(std::string_view text);

// Writes to standard error, for people; what cannot be written is lost.
void notify(std::string_view text);

}  // namespace sdw::cli
