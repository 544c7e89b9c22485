#include "io/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "io/printable.h"

namespace sdw::io {
namespace {

namespace fs = std::filesystem;

Error failure(const fs::path& path, int reason) {
  const std::string name = printable(path.filename().native());
  switch (reason) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorCode::io_error, fmt::format("cannot write {}: no such folder", name)};
    case EACCES:
    case EPERM:
    case EROFS:
      return {ErrorCode::io_error, fmt::format("cannot write {}: no permission", name)};
    case ENOSPC:
    case EDQUOT:
      return {ErrorCode::io_error, fmt::format("cannot write {}: the disk is full", name)};
    default:
      return {ErrorCode::io_error, fmt::format("cannot write {}", name)};
  }
}

// Its length does not depend on the target's name, which may be as long as the system allows.
fs::path temporary_beside(const fs::path& target) {
  static std::atomic<unsigned> count{0};
  return target.parent_path() / fmt::format(".sd-worker-{}-{}.tmp", ::getpid(), count.fetch_add(1));
}

}  // namespace

AtomicFile::AtomicFile(fs::path target, fs::path temporary, FileDescriptor descriptor)
    : target_(std::move(target)), temporary_(std::move(temporary)), descriptor_(std::move(descriptor)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::move(other.descriptor_)) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Result<AtomicFile> AtomicFile::create(const fs::path& path) {
  if (path.native().find('\0') != std::string::npos || !path.has_filename()) {
    return Error{ErrorCode::io_error,
                 fmt::format("cannot write {}: not a file name", printable(path.native()))};
  }
  fs::path target = path;
  std::optional<mode_t> permissions;
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      return Error{ErrorCode::io_error, fmt::format("cannot write {}: it is not a regular file",
                                                    printable(path.filename().native()))};
    }
    if (::access(path.c_str(), W_OK) != 0) return failure(path, errno);
    permissions = status.st_mode & 0777;
    std::error_code ignored;
    if (fs::path real = fs::canonical(path, ignored); !ignored) target = std::move(real);
  }
  while (true) {
    fs::path temporary = temporary_beside(target);
    FileDescriptor descriptor(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!descriptor.valid() && errno == EEXIST) continue;  // left by a killed process of the same number
    if (!descriptor.valid()) return failure(path, errno);
    AtomicFile file(std::move(target), std::move(temporary), std::move(descriptor));
    if (permissions && ::fchmod(file.descriptor_.get(), *permissions) != 0) return failure(path, errno);
    return file;
  }
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failure(target_, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return ok_status();
}

Status AtomicFile::commit() {
  if (::fsync(descriptor_.get()) != 0) return failure(target_, errno);
  if (!descriptor_.close()) return failure(target_, errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) return failure(target_, errno);
  temporary_.clear();
  // The rename itself reaches the disk with the folder; where that cannot be asked for, the file is still
  // whole.
  const fs::path folder = target_.has_parent_path() ? target_.parent_path() : fs::path(".");
  const FileDescriptor parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.valid()) ::fsync(parent.get());
  return ok_status();
}

Status write_file_atomically(const fs::path& path, std::span<const std::byte> bytes) {
  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file) return file.error();
  if (Status written = file->write(bytes); !written) return written;
  return file->commit();
}

}  // namespace sdw::io
