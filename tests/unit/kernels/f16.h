#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/cpu/rounding.h"

namespace sdw::kernels::cpu {

// The nearest of the values that a float16 has, ties to even. Precondition: |value| below 65504.
inline float rounded_to_f16(float value) {
  constexpr int kDigits = 11, kLeastExponent = -13;  // as frexp() counts
  int exponent = 0;
  std::frexp(value, &exponent);
  const int unit = std::max(exponent, kLeastExponent) - kDigits;
  return std::ldexp(std::nearbyint(std::ldexp(value, -unit)), unit);
}

// The float16 of a value that one has.
inline Half f16_of(float value) {
  constexpr int kBias = 15, kMantissaBits = 10;
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  int exponent = 0;
  const float mantissa = std::frexp(std::fabs(value), &exponent);  // 0, or from 1/2 to 1
  const int biased = exponent - 1 + kBias;
  const auto magnitude = static_cast<std::uint16_t>(
      biased > 0 && mantissa > 0
          ? std::ldexp(mantissa, kMantissaBits + 1) + static_cast<float>((biased - 1) << kMantissaBits)
          : std::ldexp(std::fabs(value), kBias - 1 + kMantissaBits));
  return static_cast<Half>(sign | magnitude);
}

inline std::vector<float> rounded_to_f16(const std::vector<float>& values) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(),
                 [](float value) { return rounded_to_f16(value); });
  return out;
}

inline std::vector<Half> f16_of(const std::vector<float>& values) {
  std::vector<Half> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](float value) { return f16_of(value); });
  return out;
}

}  // namespace sdw::kernels::cpu
