#pragma once

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

// How the weights of one column become bytes: its largest becomes 127 (or -127).
struct ColumnScale {
  float scale = 0;    // weight = scale * byte
  float inverse = 0;  // byte = nearest_byte(weight * inverse)
};
ColumnScale scale_of_column(const float* weight, std::size_t count);

// Packs weights [columns, segments, depth] into panels filled up with zeros, the same on every instruction
// set: bfloat16 as it is.
void pack_panels(const std::uint16_t* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                 Word* packed);
// As bytes, each column by its ColumnScale.
void pack_int8_panels(const float* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                      Word* packed);

}  // namespace sdw::kernels::cpu
