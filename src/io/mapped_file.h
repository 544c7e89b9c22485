#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "support/result.h"

namespace sdw::io {

// A read-only mapping of a whole regular file; the bytes live as long as the object. Who changes such a file
// must write a new one and rename it into place (as AtomicFile does): a mapped file that is cut short in
// place kills the reader, which no reader can prevent.
class MappedFile {
 public:
  // Errors: not_found (no such file), io_error (not a regular file, not readable).
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  // Asks the system to start reading the whole file into memory, in order. Worth it before a cold file is
  // read completely; not for a look at its header.
  void prefetch() const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::span<const std::byte> bytes_;
};

}  // namespace sdw::io
