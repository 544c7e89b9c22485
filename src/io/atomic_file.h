#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "io/file_descriptor.h"
#include "support/result.h"

namespace sdw::io {

// A file that appears at its path whole or not at all: bytes go to a temporary in the same folder, which
// `commit` renames into place and which is removed where `commit` is not reached.
class AtomicFile {
 public:
  // An existing target keeps its permissions; a symlink is followed; a folder, pipe or device is refused.
  // Error: io_error.
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  // Error: io_error (disk full, for one).
  Status write(std::span<const std::byte> bytes);
  // Flushes to the disk and renames. At most once, and no `write` after it. Error: io_error.
  Status commit();

 private:
  AtomicFile(std::filesystem::path target, std::filesystem::path temporary, FileDescriptor descriptor);

  std::filesystem::path target_;
  std::filesystem::path temporary_;  // empty once nothing is to be removed
  FileDescriptor descriptor_;
};

// All of the above in one call.
Status write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);

}  // namespace sdw::io
