#pragma once

#include <cstdint>

namespace sdw::pipeline {

// Bytes this process can still take: the least of what the system calls available, what its cgroup leaves,
// and what its address-space limit leaves. A limit that is not set does not count.
std::int64_t free_memory_bytes();

}  // namespace sdw::pipeline
