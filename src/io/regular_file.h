#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "io/file_descriptor.h"
#include "support/result.h"

namespace sdw::io {

// An open file that is known to be a regular one, with its size in bytes at that moment.
struct RegularFile {
  FileDescriptor descriptor;
  std::uint64_t size = 0;
};

// Opens for reading without ever waiting: a pipe, socket, device or folder is refused, symlinks are followed.
// Errors: not_found (no such file), io_error.
Result<RegularFile> open_regular_file(const std::filesystem::path& path);

// The whole file. Errors: those above, input_too_large (more than `max_bytes`; nothing is read then).
Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::size_t max_bytes);

}  // namespace sdw::io
