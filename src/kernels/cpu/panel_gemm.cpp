#include "kernels/cpu/panel_gemm.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/panel_gemm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/panel_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// A long sum is taken in pieces that stay in the near caches for all rows.
void multiply_words(PanelType type, const Word* rows, std::size_t count, std::size_t depth,
                    const Word* packed, float* sums) {
  constexpr std::ptrdiff_t kNoOffset = 0;
  for (std::size_t k = 0; k < depth; k += kPieceWords) {
    multiply({.type = type,
              .a = rows + k,
              .a_stride = depth,
              .rows = count,
              .offsets = &kNoOffset,
              .segments = 1,
              .depth = std::min(kPieceWords, depth - k),
              .panels = packed + panel_words(k),
              .c = sums,
              .c_stride = kPanelColumns,
              .add = k > 0});
  }
}

// The rows as words, filled up with rows of zeros; `scales` [rows] is how to read bytes.
void convert_rows(const PanelGemm& gemm, const float* input, std::size_t rows, ByteScale* scales, Word* to) {
  const std::size_t depth = depth_words(gemm.type, gemm.depth);
  for (std::size_t r = 0; r < rows; ++r, input += gemm.depth, to += depth) {
    scales[r] = gemm.type == PanelType::int8 ? scale_of(range_of(input, gemm.depth)) : ByteScale{};
    to_words(gemm.type, input, gemm.depth, scales[r], to);
  }
  std::fill(to, to + (round_up(rows, kBlockRows) - rows) * depth, Word{0});
}

const Word* packed_panel(const PanelGemm& gemm, std::size_t column) {
  return gemm.packed + column / kPanelColumns * packed_panel_words(gemm.type, 1, gemm.depth);
}

PanelOutput output_of(const PanelGemm& gemm, std::size_t column) {
  return {gemm.type, packed_panel(gemm, column) + panel_words(depth_words(gemm.type, gemm.depth)),
          gemm.bias == nullptr ? nullptr : gemm.bias + column,
          std::min(kPanelColumns, gemm.columns - column)};
}

// The rows of one part.
struct PartRows {
  std::size_t first, count;
  const ByteScale* scales;
  const Word* converted;
};

// sums [rows, kPanelColumns] of the panel that begins at `column`.
void multiply_panel(const PanelGemm& gemm, const PartRows& rows, std::size_t column, float* sums) {
  multiply_words(gemm.type, rows.converted, round_up(rows.count, kBlockRows),
                 depth_words(gemm.type, gemm.depth), packed_panel(gemm, column), sums);
}

// A row's piece of a panel lies far from the next row's: it is asked for before it is written.
constexpr std::size_t kRowsAhead = 8;

void prefetch_row(const float* row) {
  for (std::size_t i = 0; i < kPanelColumns; i += 16) __builtin_prefetch(row + i, 1, 3);
}

void write_rows(const PanelGemm& gemm, const PartRows& rows, std::size_t column, const float* sums) {
  const PanelOutput out = output_of(gemm, column);
  for (std::size_t r = 0; r < rows.count; ++r) {
    const std::size_t at = (rows.first + r) * gemm.columns + column;
    prefetch_row(gemm.output + at + kRowsAhead * gemm.columns);
    if (gemm.residual != nullptr) prefetch_row(gemm.residual + at + kRowsAhead * gemm.columns);
    write_row(out, sums + r * kPanelColumns, rows.scales[r],
              gemm.residual == nullptr ? nullptr : gemm.residual + at, gemm.output + at);
  }
}

// The same where `gates` are the sums of the panel half the columns further.
void write_gated_rows(const PanelGemm& gemm, const PartRows& rows, std::size_t column, const float* sums,
                      const float* gates) {
  const std::size_t width = gemm.columns / 2;
  const PanelOutput value_of = output_of(gemm, column), gate_of = output_of(gemm, width + column);
  HWY_ALIGN float value[kPanelColumns], gate[kPanelColumns];
  for (std::size_t r = 0; r < rows.count; ++r) {
    write_row(value_of, sums + r * kPanelColumns, rows.scales[r], nullptr, value);
    write_row(gate_of, gates + r * kPanelColumns, rows.scales[r], nullptr, gate);
    prefetch_row(gemm.output + (rows.first + r + kRowsAhead) * width + column);
    write_gated(value, gate, kPanelColumns, gemm.output + (rows.first + r) * width + column);
  }
}

void Part(const PanelGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  const auto [first_row, count, first_panel, panels] = part_of(plan, part, gemm.rows);
  const std::size_t padded_rows = round_up(count, kBlockRows), panel_sums = padded_rows * kPanelColumns;

  float* const sums = scratch;
  float* const gates = sums + panel_sums;  // where there are any
  auto* const scales = reinterpret_cast<ByteScale*>(gemm.geglu ? gates + panel_sums : gates);
  auto* const converted = reinterpret_cast<Word*>(scales + padded_rows);
  const PartRows rows{first_row, count, scales, converted};
  convert_rows(gemm, gemm.input + first_row * gemm.depth, count, scales, converted);
  for (std::size_t panel = first_panel; panel < first_panel + panels; ++panel) {
    const std::size_t column = panel * kPanelColumns;
    multiply_panel(gemm, rows, column, sums);
    if (gemm.geglu) {
      multiply_panel(gemm, rows, gemm.columns / 2 + column, gates);
      write_gated_rows(gemm, rows, column, sums, gates);
    } else {
      write_rows(gemm, rows, column, sums);
    }
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Part);

void panel_gemm_part(const PanelGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(gemm, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
