#include "kernels/cpu/panel_pack.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/cpu/rounding.h"

namespace sdw::kernels::cpu {
namespace {

// Values that lie side by side in a panel, 4 bytes of them.
template <class Element>
constexpr std::size_t kGroup = 4 / sizeof(Element);

template <class Element>
void put(const Element* values, std::size_t depth, std::size_t column, Element* panel) {
  constexpr std::size_t group = kGroup<Element>;
  panel += column * group;
  for (std::size_t k = 0; k < depth; k += group, panel += group * kPanelColumns) {
    std::copy_n(values + k, std::min(group, depth - k), panel);
  }
}

}  // namespace

ColumnScale scale_of_column(const float* weight, std::size_t count) {
  float largest = 0;
  for (std::size_t k = 0; k < count; ++k) largest = std::max(largest, std::fabs(weight[k]));
  return {largest / 127.0F, largest > 0 ? 127.0F / largest : 0.0F};
}

void pack_panels(const std::uint16_t* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                 Word* packed) {
  const std::size_t words = packed_panel_words(PanelType::bf16, segments, depth);
  const std::size_t segment_words = panel_words(depth_words(PanelType::bf16, depth));
  for (std::size_t first = 0; first < columns; first += kPanelColumns, packed += words) {
    std::fill_n(packed, words, Word{0});
    for (std::size_t n = 0; n < std::min(kPanelColumns, columns - first); ++n) {
      for (std::size_t s = 0; s < segments; ++s) {
        put(weight + ((first + n) * segments + s) * depth, depth, n, packed + s * segment_words);
      }
    }
  }
}

void pack_int8_panels(const float* weight, std::size_t columns, std::size_t segments, std::size_t depth,
                      Word* packed) {
  const std::size_t words = packed_panel_words(PanelType::int8, segments, depth);
  const std::size_t segment_words = panel_words(depth_words(PanelType::int8, depth));
  std::vector<std::int8_t> bytes(segments * depth);
  for (std::size_t first = 0; first < columns; first += kPanelColumns, packed += words) {
    std::fill_n(packed, words, Word{0});
    Int8Columns ends{};
    for (std::size_t n = 0; n < std::min(kPanelColumns, columns - first); ++n) {
      const float* const column = weight + (first + n) * bytes.size();
      const ColumnScale by = scale_of_column(column, bytes.size());
      for (std::size_t k = 0; k < bytes.size(); ++k) {
        bytes[k] = nearest_byte(column[k] * by.inverse);
        ends.total[n] += bytes[k];
      }
      ends.scale[n] = by.scale;
      for (std::size_t s = 0; s < segments; ++s) {
        put(bytes.data() + s * depth, depth, n, reinterpret_cast<std::int8_t*>(packed + s * segment_words));
      }
    }
    std::memcpy(packed + segments * segment_words, &ends, sizeof(ends));
  }
}

}  // namespace sdw::kernels::cpu
