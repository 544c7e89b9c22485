#pragma once

#include <cstddef>

namespace sdw::kernels::cpu {

// One head's queries, keys or values: `row(i)` is head_dim floats.
struct HeadRows {
  const float* data;
  std::size_t stride;
  std::size_t count;
  const float* row(std::size_t i) const { return data + i * stride; }
};

}  // namespace sdw::kernels::cpu
