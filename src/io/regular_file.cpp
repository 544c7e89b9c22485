#include "io/regular_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "io/printable.h"

namespace sdw::io {
namespace {

// Messages name the last component only: where a server keeps its files is not a client's business.
std::string name_of(const std::filesystem::path& path) {
  return printable(path.filename().native());
}

Error cannot_open(const std::filesystem::path& path, int reason) {
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorCode::not_found, fmt::format("no file {}", name_of(path))};
    case EACCES:
    case EPERM:
      return {ErrorCode::io_error, fmt::format("no permission to read {}", name_of(path))};
    default:
      return {ErrorCode::io_error, fmt::format("cannot open {}", name_of(path))};
  }
}

}  // namespace

Result<RegularFile> open_regular_file(const std::filesystem::path& path) {
  if (path.native().find('\0') != std::string::npos) {
    return Error{ErrorCode::not_found, "a file name holds a NUL character"};
  }
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  FileDescriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!descriptor.valid()) return cannot_open(path, errno);
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) return cannot_open(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{ErrorCode::io_error, fmt::format("{} is not a regular file", name_of(path))};
  }
  return RegularFile{std::move(descriptor), static_cast<std::uint64_t>(status.st_size)};
}

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  Result<RegularFile> file = open_regular_file(path);
  if (!file) return file.error();
  if (file->size > max_bytes) {
    return Error{ErrorCode::input_too_large,
                 fmt::format("{} has {} bytes; at most {} are read", name_of(path), file->size, max_bytes)};
  }
  std::vector<std::byte> bytes(file->size);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(file->descriptor.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{ErrorCode::io_error, fmt::format("cannot read {}", name_of(path))};
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace sdw::io
