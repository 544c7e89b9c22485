#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/cpu/panel_block.h"

namespace sdw::kernels::cpu {

// What follows the values of each panel of bytes: how to make floats of its sums.
struct Int8Columns {
  float scale[kPanelColumns];         // weight = scale * byte
  std::int32_t total[kPanelColumns];  // of the column's bytes
};

// Words of one panel of weights [kPanelColumns, segments, depth].
constexpr std::size_t packed_panel_words(PanelType type, std::size_t segments, std::size_t depth) {
  return panel_words(segments * depth_words(type, depth)) +
         (type == PanelType::int8 ? sizeof(Int8Columns) / sizeof(Word) : 0);
}

// Words of all panels of `columns`.
constexpr std::size_t packed_words(PanelType type, std::size_t columns, std::size_t segments,
                                   std::size_t depth) {
  return round_up(columns, kPanelColumns) / kPanelColumns * packed_panel_words(type, segments, depth);
}

// A weight in units of its column's scale. What is added to 1.5 * 2^23 is rounded to an integer, whose byte
// stands last.
inline std::int8_t nearest_byte(float value) {
  return static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(value + 12582912.0F));
}

// Packs weights [columns, segments, depth] into panels filled up with zeros, the same on every instruction
// set: bfloat16 as it is.
void pack_panels(const std::uint16_t* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                 Word* packed);
// As bytes: each column has a scale of its own, by which its largest value becomes 127 (or -127).
void pack_int8_panels(const float* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                      Word* packed);

}  // namespace sdw::kernels::cpu
