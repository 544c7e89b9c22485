#include "kernels/cpu/gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

std::size_t panel_count(std::size_t columns) {
  return (columns + kPanelWidth - 1) / kPanelWidth;
}

std::size_t PackedSize(std::size_t columns, std::size_t depth) {
  return panel_count(columns) * depth * kPanelWidth;
}

template <class Element>
void pack(const Element* weight, std::size_t columns, std::size_t depth, Element* packed) {
  for (std::size_t first = 0; first < columns; first += kPanelWidth, packed += depth * kPanelWidth) {
    const std::size_t count = std::min(kPanelWidth, columns - first);
    if (count < kPanelWidth) std::fill_n(packed, depth * kPanelWidth, Element{0});
    for (std::size_t n = 0; n < count; ++n) {
      const Element* row = weight + (first + n) * depth;
      for (std::size_t k = 0; k < depth; ++k) packed[k * kPanelWidth + n] = row[k];
    }
  }
}

void PackWeight(const float* weight, std::size_t columns, std::size_t depth, float* packed) {
  pack(weight, columns, depth, packed);
}

void PackHalfWeight(const Half* weight, std::size_t columns, std::size_t depth, Half* packed) {
  pack(weight, columns, depth, packed);
}

void PackBf16Weight(const std::uint16_t* weight, std::size_t columns, std::size_t depth,
                    std::uint16_t* packed) {
  pack(weight, columns, depth, packed);
}

// A part is a block of rows whose inputs stay in the second-level cache, times a group of panels.
struct Blocks {
  std::size_t rows, panels;  // of one part
  std::size_t row_parts, panel_parts;
  std::size_t all_panels;  // of the output
};

Blocks blocks_of(const Gemm& gemm) {
  constexpr std::size_t kInputBytes = std::size_t{256} << 10;
  constexpr std::size_t kMinRows = 4 * kTileRows;
  constexpr std::size_t kPanelsPerPart = 8;
  const std::size_t panels = panel_count(gemm.columns);
  const std::size_t fitting = kInputBytes / (gemm.depth * sizeof(float)) / kTileRows * kTileRows;
  Blocks blocks;
  blocks.rows = std::min(std::max(fitting, kMinRows), std::max<std::size_t>(gemm.rows, 1));
  blocks.panels = gemm.geglu ? kPanelsPerPart / 2 : kPanelsPerPart;
  blocks.row_parts = (gemm.rows + blocks.rows - 1) / blocks.rows;
  blocks.all_panels = gemm.geglu ? panels / 2 : panels;
  blocks.panel_parts = (blocks.all_panels + blocks.panels - 1) / blocks.panels;
  return blocks;
}

// A long sum is taken in pieces, so that a piece of the panel stays in the cache for all rows of a strip.
void multiply_strip(const float* input, std::size_t rows, std::size_t depth, const float* packed,
                    const float* bias, float* output, std::size_t stride) {
  constexpr std::size_t kPiece = 1280;
  constexpr Far kFar{.panel = true};
  multiply_rows<Start::row, kFar>(input, depth, rows, std::min(kPiece, depth), packed, bias, output, stride);
  for (std::size_t k = kPiece; k < depth; k += kPiece) {
    multiply_rows<Start::output, kFar>(input + k, depth, rows, std::min(kPiece, depth - k),
                                       packed + k * kPanelWidth, nullptr, output, stride);
  }
}

constexpr std::size_t kStripRows = 4 * kTileRows;

const float* panel_at(const Gemm& gemm, std::size_t column) {
  return gemm.packed + column * gemm.depth;
}

// Rows of one panel and the panel that gates it.
void multiply_gated(const Gemm& gemm, std::size_t first_row, std::size_t rows, std::size_t panel) {
  const std::size_t width = gemm.columns / 2, column = panel * kPanelWidth;
  constexpr float kNoBias[kPanelWidth] = {};
  const float* const bias = gemm.bias != nullptr ? gemm.bias + column : kNoBias;
  const float* const gate_bias = gemm.bias != nullptr ? bias + width : kNoBias;
  alignas(64) float values[kStripRows * kPanelWidth], gates[kStripRows * kPanelWidth];
  for (std::size_t done = 0; done < rows; done += kStripRows) {
    const std::size_t row = first_row + done, now = std::min(kStripRows, rows - done);
    const float* const input = gemm.input + row * gemm.depth;
    multiply_strip(input, now, gemm.depth, panel_at(gemm, column), bias, values, kPanelWidth);
    multiply_strip(input, now, gemm.depth, panel_at(gemm, width + column), gate_bias, gates, kPanelWidth);
    float* output = gemm.output + row * width + column;
    for (std::size_t r = 0; r < now; ++r, output += width) {
      write_gated(values + r * kPanelWidth, gates + r * kPanelWidth, kPanelWidth, output);
    }
  }
}

// Rows of one panel, which lie in the output or, for a panel that is not full, go through a tile beside it.
void multiply_panel(const Gemm& gemm, std::size_t first_row, std::size_t rows, std::size_t panel) {
  const std::size_t column = panel * kPanelWidth;
  const std::size_t count = std::min(kPanelWidth, gemm.columns - column);
  const float* const packed = panel_at(gemm, column);
  alignas(64) float bias[kPanelWidth] = {};
  if (gemm.bias != nullptr) std::copy_n(gemm.bias + column, count, bias);
  alignas(64) float strip[kStripRows * kPanelWidth];
  for (std::size_t done = 0; done < rows; done += kStripRows) {
    const std::size_t row = first_row + done, now = std::min(kStripRows, rows - done);
    const float* input = gemm.input + row * gemm.depth;
    float* output = gemm.output + row * gemm.columns + column;
    if (count == kPanelWidth && gemm.residual == nullptr) {
      multiply_strip(input, now, gemm.depth, packed, bias, output, gemm.columns);
      continue;
    }
    multiply_strip(input, now, gemm.depth, packed, bias, strip, kPanelWidth);
    for (std::size_t r = 0; r < now; ++r, output += gemm.columns) {
      const float* residual =
          gemm.residual != nullptr ? gemm.residual + (row + r) * gemm.columns + column : nullptr;
      for (std::size_t c = 0; c < count; ++c) {
        output[c] = strip[r * kPanelWidth + c] + (residual != nullptr ? residual[c] : 0.0F);
      }
    }
  }
}

std::size_t Parts(const Gemm& gemm) {
  const Blocks blocks = blocks_of(gemm);
  return blocks.row_parts * blocks.panel_parts;
}

void Part(const Gemm& gemm, std::size_t part) {
  const Blocks blocks = blocks_of(gemm);
  // Neighbouring parts share their rows.
  const std::size_t first_row = part / blocks.panel_parts * blocks.rows;
  const std::size_t first_panel = part % blocks.panel_parts * blocks.panels;
  const std::size_t rows = std::min(blocks.rows, gemm.rows - first_row);
  const std::size_t last_panel = std::min(first_panel + blocks.panels, blocks.all_panels);
  for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
    if (gemm.geglu) {
      multiply_gated(gemm, first_row, rows, panel);
    } else {
      multiply_panel(gemm, first_row, rows, panel);
    }
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(PackedSize);
HWY_EXPORT(PackWeight);
HWY_EXPORT(PackHalfWeight);
HWY_EXPORT(PackBf16Weight);
HWY_EXPORT(Parts);
HWY_EXPORT(Part);

std::size_t packed_size(std::size_t columns, std::size_t depth) {
  return HWY_DYNAMIC_DISPATCH(PackedSize)(columns, depth);
}

void pack_weight(const float* weight, std::size_t columns, std::size_t depth, float* packed) {
  HWY_DYNAMIC_DISPATCH(PackWeight)(weight, columns, depth, packed);
}

void pack_weight(const Half* weight, std::size_t columns, std::size_t depth, Half* packed) {
  HWY_DYNAMIC_DISPATCH(PackHalfWeight)(weight, columns, depth, packed);
}

void pack_weight(const std::uint16_t* weight, std::size_t columns, std::size_t depth, std::uint16_t* packed) {
  HWY_DYNAMIC_DISPATCH(PackBf16Weight)(weight, columns, depth, packed);
}

std::size_t gemm_parts(const Gemm& gemm) {
  return HWY_DYNAMIC_DISPATCH(Parts)(gemm);
}

void gemm_part(const Gemm& gemm, std::size_t part) {
  HWY_DYNAMIC_DISPATCH(Part)(gemm, part);
}

}  // namespace sdw::kernels::cpu
#endif
