#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>

namespace sdw::kernels::cpu {

// One head's queries, keys or values: `row(i)` is head_dim floats.
struct HeadRows {
  const float* data;
  std::size_t stride;
  std::size_t count;
  const float* row(std::size_t i) const { return data + i * stride; }
};

// What scores are multiplied by, so that exponentials are powers of two.
inline float score_scale(std::size_t head_dim) {
  return std::numbers::log2e_v<float> / std::sqrt(static_cast<float>(head_dim));
}

}  // namespace sdw::kernels::cpu
