#pragma once

#include <cstddef>

namespace sdw::kernels::cpu {

// Bytes of a core's own cache and of the one that cores share, as the system tells; 1 and 32 MiB where it
// does not.
struct CacheSizes {
  std::size_t second_level, shared;
};

const CacheSizes& cache_sizes();

}  // namespace sdw::kernels::cpu
