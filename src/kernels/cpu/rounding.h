#pragma once

#include <bit>
#include <cstdint>

namespace sdw::kernels::cpu {

// The bits of a float16 (IEEE 754 binary16). A plain std::uint16_t is a bfloat16.
enum class Half : std::uint16_t {};

// 1.5 * 2^23: what is added to it, up to 2^22 in magnitude, is rounded to an integer, which stands in the
// lower bits of the sum.
inline constexpr float kToInteger = 12582912.0F;
inline constexpr auto kToIntegerBits = std::bit_cast<std::int32_t>(kToInteger);

// Of a value from -128 to 127.
inline std::int8_t nearest_byte(float value) {
  return static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(value + kToInteger));
}

}  // namespace sdw::kernels::cpu
