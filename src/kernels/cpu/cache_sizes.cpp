#include "kernels/cpu/cache_sizes.h"

#include <unistd.h>

namespace sdw::kernels::cpu {
namespace {

std::size_t size_or(int name, std::size_t otherwise) {
  const long bytes = ::sysconf(name);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : otherwise;
}

}  // namespace

const CacheSizes& cache_sizes() {
  static const CacheSizes sizes{size_or(_SC_LEVEL2_CACHE_SIZE, std::size_t{1} << 20),
                                size_or(_SC_LEVEL3_CACHE_SIZE, std::size_t{32} << 20)};
  return sizes;
}

}  // namespace sdw::kernels::cpu
