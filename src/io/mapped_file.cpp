#include "io/mapped_file.h"

#include <fmt/format.h>
#include <limits>
#include <sys/mman.h>

#include "io/printable.h"
#include "io/regular_file.h"

namespace sdw::io {

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  Result<RegularFile> file = open_regular_file(path);
  if (!file) return file.error();
  const Error cannot_map{ErrorCode::io_error,
                         fmt::format("cannot map {}", printable(path.filename().native()))};
  if (file->size > std::numeric_limits<std::size_t>::max()) return cannot_map;
  std::span<const std::byte> bytes;
  if (file->size > 0) {  // a mapping of no bytes is refused by the system
    void* start = ::mmap(nullptr, file->size, PROT_READ, MAP_PRIVATE, file->descriptor.get(), 0);
    if (start == MAP_FAILED) return cannot_map;
    bytes = {static_cast<const std::byte*>(start), static_cast<std::size_t>(file->size)};
  }
  return std::shared_ptr<const MappedFile>(new MappedFile(bytes));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::prefetch() const {
  if (bytes_.empty()) return;
  void* start = const_cast<std::byte*>(bytes_.data());
  ::madvise(start, bytes_.size(), MADV_SEQUENTIAL);
  ::madvise(start, bytes_.size(), MADV_WILLNEED);
}

}  // namespace sdw::io
