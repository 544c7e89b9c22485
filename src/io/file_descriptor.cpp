#include "io/file_descriptor.h"

#include <unistd.h>

namespace sdw::io {

FileDescriptor::~FileDescriptor() {
  close();
}

bool FileDescriptor::close() {
  return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0;
}

}  // namespace sdw::io
