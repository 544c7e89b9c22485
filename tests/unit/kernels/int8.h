#pragma once

#include <cmath>
#include <random>
#include <vector>

namespace sdw::kernels::cpu {

// Inputs and weights that bytes hold exactly, so that a product of bytes equals one of float32.

// `count` rows of `size` values k / 64 for whole k, each with the least and the largest of a range of 256 of
// them.
inline std::vector<float> exact_inputs(std::size_t count, std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(count * size);
  for (std::size_t r = 0; r < count; ++r) {
    // A single value is one end of its range, the other end is zero.
    const int low = size == 1 ? 0 : -static_cast<int>(random() % 256);
    float* const row = out.data() + r * size;
    for (std::size_t i = 0; i < size; ++i)
      row[i] = static_cast<float>(low + static_cast<int>(random() % 256)) / 64;
    row[0] = static_cast<float>(low + 255) / 64;
    row[size - 1] = static_cast<float>(size == 1 ? 255 : low) / 64;
  }
  return out;
}

// `count` columns of `size` values of at most 127 in some unit of each column's own, one of them that large.
inline std::vector<float> exact_weights(std::size_t count, std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> out(count * size);
  for (std::size_t c = 0; c < count; ++c) {
    const float unit = std::ldexp(1.0F, -static_cast<int>(random() % 8));
    for (std::size_t i = 0; i < size; ++i)
      out[c * size + i] = unit * static_cast<float>(static_cast<int>(random() % 255) - 127);
    out[c * size + random() % size] = random() % 2 == 0 ? 127 * unit : -127 * unit;
  }
  return out;
}

}  // namespace sdw::kernels::cpu
