#pragma once

#include <cstddef>
#include <span>

#include "io/dtype.h"

namespace sdw::models {

// True if none of the elements is NaN or infinite. `bytes` holds whole elements of f16, bf16, f32 or f64, at
// any alignment. Runs on all threads and at the speed of memory.
bool all_finite(std::span<const std::byte> bytes, io::Dtype dtype);

}  // namespace sdw::models
