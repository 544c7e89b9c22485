#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace sdw::kernels::cpu {

// To the nearest bfloat16, ties to even; no NaNs.
inline std::uint16_t to_nearest_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

inline float widened(std::uint16_t value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

inline std::vector<std::uint16_t> to_nearest_bf16(const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [](float value) { return to_nearest_bf16(value); });
  return out;
}

inline std::vector<float> widened(const std::vector<std::uint16_t>& values) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [](std::uint16_t value) { return widened(value); });
  return out;
}

}  // namespace sdw::kernels::cpu
