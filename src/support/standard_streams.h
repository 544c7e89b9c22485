#pragma once

#include <string_view>

namespace sdw {

// To be called first in main(). Opens /dev/null for each of the descriptors 0 to 2 that is closed, so that no
// file or socket takes its number, and ignores SIGPIPE and SIGXFSZ, so that a write to a pipe without a
// reader or beyond the file size limit fails instead of ending the process.
void guard_standard_streams();

// Writes all of the bytes, however long the descriptor makes it wait. False: an error, as `errno` has it.
bool write_all(int descriptor, std::string_view bytes);

}  // namespace sdw
