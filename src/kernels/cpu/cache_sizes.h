#pragma once

#include <cstddef>
#include <string_view>

#include "support/result.h"

namespace sdw::kernels::cpu {

// Bytes of a core's own second-level cache and of the cache that cores share. Plans of kernels depend on
// them.
struct CacheSizes {
  std::size_t second_level = 0, shared = 0;
  bool operator==(const CacheSizes&) const = default;
};

// Those that were chosen; else as the system tells, 1 and 32 MiB where it does not.
const CacheSizes& cache_sizes();
bool cache_sizes_are_chosen();

// Kernels plan for these sizes from now on. `text` is "SECOND_LEVEL,SHARED": bytes, or with K or M (times
// 1024, 1024 * 1024), at most 4 GiB each; the second-level size is at least 1. Call while no kernel runs.
// Errors: invalid_request.
Status choose_cache_sizes(std::string_view text);
void choose_cache_sizes(const CacheSizes& sizes);

}  // namespace sdw::kernels::cpu
