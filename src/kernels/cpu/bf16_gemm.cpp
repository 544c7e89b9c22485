#include "kernels/cpu/bf16_gemm.h"

#include <algorithm>
#include <cstring>

#include "kernels/cpu/bf16_block.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/bf16_gemm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

using WordTag = hn::RebindToUnsigned<FloatTag>;
inline constexpr WordTag kWord;

// c[r, 0..kBf16Columns) = sum over k of a[r, k] * panel[k, :] for kRows rows, weights widened in registers.
template <std::size_t kRows>
HWY_INLINE void widen_tile(const float* HWY_RESTRICT a, std::size_t a_stride, std::size_t depth,
                           const std::uint16_t* HWY_RESTRICT panel, float* HWY_RESTRICT c) {
  const auto high_half = hn::Set(kWord, 0xFFFF0000U);
  const auto pairs_at = [&](std::size_t k, std::size_t column) {
    return hn::LoadU(kWord, reinterpret_cast<const std::uint32_t*>(panel + k * kBf16Columns + 2 * column));
  };
  for (std::size_t column = 0; column < kBf16Columns; column += kPanelWidth) {
    FloatVector sums[kRows][2];
#pragma GCC unroll 12
    for (std::size_t r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = hn::Zero(kFloat);
    const auto add = [&](std::size_t k, auto left, auto right) HWY_ATTR {
      const auto b0 = hn::BitCast(kFloat, left), b1 = hn::BitCast(kFloat, right);
#pragma GCC unroll 12
      for (std::size_t r = 0; r < kRows; ++r) {
        const FloatVector value = hn::Set(kFloat, a[r * a_stride + k]);
        sums[r][0] = hn::MulAdd(value, b0, sums[r][0]);
        sums[r][1] = hn::MulAdd(value, b1, sums[r][1]);
      }
    };
    for (std::size_t k = 0; k < depth; k += 2) {
      const auto left = pairs_at(k, column), right = pairs_at(k, column + kLanes);
      add(k, hn::ShiftLeft<16>(left), hn::ShiftLeft<16>(right));
      if (k + 1 < depth) add(k + 1, hn::And(left, high_half), hn::And(right, high_half));
    }
#pragma GCC unroll 12
    for (std::size_t r = 0; r < kRows; ++r) {
      hn::StoreU(sums[r][0], kFloat, c + r * kBf16Columns + column);
      hn::StoreU(sums[r][1], kFloat, c + r * kBf16Columns + column + kLanes);
    }
  }
}

void widen_rows(const float* a, std::size_t a_stride, std::size_t rows, std::size_t depth,
                const std::uint16_t* panel, float* c) {
  const auto tile = [&]<std::size_t kRows>() {
    for (; rows >= kRows; rows -= kRows, a += kRows * a_stride, c += kRows * kBf16Columns) {
      widen_tile<kRows>(a, a_stride, depth, panel, c);
    }
  };
  if constexpr (kTileRows >= 12) {
    tile.template operator()<12>();
    tile.template operator()<6>();
  }
  tile.template operator()<4>();
  tile.template operator()<2>();
  tile.template operator()<1>();
}

// output = sums + bias (+ residual) for the rows of one panel.
void write_rows(const Bf16Gemm& gemm, std::size_t first_row, std::size_t rows, std::size_t panel,
                const float* sums) {
  const std::size_t column = panel * kBf16Columns;
  const std::size_t count = std::min(kBf16Columns, gemm.columns - column);
  for (std::size_t r = 0; r < rows; ++r, sums += kBf16Columns) {
    const std::size_t at = (first_row + r) * gemm.columns + column;
    for (std::size_t c = 0; c < count; c += kLanes) {
      const std::size_t lanes = std::min(kLanes, count - c);
      FloatVector value = hn::LoadU(kFloat, sums + c);
      if (gemm.bias != nullptr) value = hn::Add(value, load_some(gemm.bias + column + c, lanes));
      if (gemm.residual != nullptr) value = hn::Add(value, load_some(gemm.residual + at + c, lanes));
      store_some(value, gemm.output + at + c, lanes);
    }
  }
}

// A long sum is taken in pieces, so that a piece of the panel stays in the first-level cache for all rows.
void multiply_panel(const std::uint16_t* rounded, std::size_t rows, std::size_t depth,
                    const std::uint16_t* packed, float* sums) {
  constexpr std::size_t kPiece = 640;
  constexpr std::ptrdiff_t kNoOffset = 0;
  for (std::size_t k = 0; k < depth; k += kPiece) {
    multiply_bf16({.a = rounded + k,
                   .a_stride = depth,
                   .rows = rows,
                   .offsets = &kNoOffset,
                   .segments = 1,
                   .depth = std::min(kPiece, depth - k),
                   .panels = packed + bf16_panel_size(k),
                   .panel_count = 1,
                   .c = sums,
                   .c_stride = kBf16Columns,
                   .add = k > 0});
  }
}

void round_rows(const float* input, std::size_t rows, std::size_t depth, std::uint16_t* rounded) {
  const std::size_t padded = round_up(depth, kBf16Depth);
  for (std::size_t r = 0; r < rows; ++r, input += depth, rounded += padded) {
    to_bf16(input, depth, rounded);
    std::fill(rounded + depth, rounded + padded, std::uint16_t{0});
  }
}

void Part(const Bf16Gemm& gemm, const Bf16GemmPlan& plan, std::size_t part, float* scratch) {
  const std::size_t panels = round_up(gemm.columns, kBf16Columns) / kBf16Columns;
  const std::size_t panel_parts = (panels + plan.block_panels - 1) / plan.block_panels;
  // Neighbouring parts share their rows.
  const std::size_t first_row = part / panel_parts * plan.block_rows;
  const std::size_t first_panel = part % panel_parts * plan.block_panels;
  const std::size_t rows = std::min(plan.block_rows, gemm.rows - first_row);
  const std::size_t last_panel = std::min(first_panel + plan.block_panels, panels);
  const std::size_t depth = round_up(gemm.depth, kBf16Depth), padded_rows = round_up(rows, kBf16Rows);
  const float* const input = gemm.input + first_row * gemm.depth;

  float* const sums = scratch;
  auto* const rounded = reinterpret_cast<std::uint16_t*>(scratch + padded_rows * kBf16Columns);
  const bool widens = bf16_unit() == Bf16Unit::none;
  if (!widens) {
    round_rows(input, rows, gemm.depth, rounded);
    std::fill(rounded + rows * depth, rounded + padded_rows * depth, std::uint16_t{0});
  }
  for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
    const std::uint16_t* const packed = gemm.packed + panel * bf16_panel_size(depth);
    if (widens)
      widen_rows(input, gemm.depth, rows, gemm.depth, packed, sums);
    else
      multiply_panel(rounded, padded_rows, depth, packed, sums);
    write_rows(gemm, first_row, rows, panel, sums);
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Part);

std::size_t bf16_packed_size(std::size_t columns, std::size_t depth) {
  return round_up(columns, kBf16Columns) * round_up(depth, kBf16Depth);
}

void pack_bf16_weight(const std::uint16_t* weight, std::size_t columns, std::size_t depth,
                      std::uint16_t* packed) {
  const std::size_t panel_size = bf16_panel_size(round_up(depth, kBf16Depth));
  for (std::size_t first = 0; first < columns; first += kBf16Columns, packed += panel_size) {
    const std::size_t count = std::min(kBf16Columns, columns - first);
    if (count < kBf16Columns || depth % kBf16Depth != 0) std::fill_n(packed, panel_size, std::uint16_t{0});
    for (std::size_t n = 0; n < count; ++n) {
      const std::uint16_t* row = weight + (first + n) * depth;
      std::uint16_t* to = packed + 2 * n;
      for (std::size_t k = 0; k < depth; ++k) to[(k / 2 * kBf16Columns) * 2 + k % 2] = row[k];
    }
  }
}

Bf16GemmPlan plan_bf16_gemm(const Bf16Gemm& gemm) {
  // The rows of a part stay in the second-level cache beside a panel, and are rounded once for many panels.
  constexpr std::size_t kInputBytes = std::size_t{512} << 10;
  constexpr std::size_t kMinRows = 2 * kBf16Rows, kPanelsPerPart = 64;
  const std::size_t depth = round_up(gemm.depth, kBf16Depth);
  const std::size_t fitting = kInputBytes / (depth * sizeof(std::uint16_t)) / kBf16Rows * kBf16Rows;
  Bf16GemmPlan plan;
  plan.block_rows = std::min(std::max(fitting, kMinRows), round_up(gemm.rows, kBf16Rows));
  // Products of few rows are cut along the columns alone.
  const std::size_t panels = round_up(gemm.columns, kBf16Columns) / kBf16Columns;
  const std::size_t row_parts = (gemm.rows + plan.block_rows - 1) / plan.block_rows;
  plan.block_panels = row_parts >= 8 ? kPanelsPerPart : std::max<std::size_t>(panels / 16, 1);
  plan.block_panels = std::min(plan.block_panels, kPanelsPerPart);
  plan.parts = row_parts * ((panels + plan.block_panels - 1) / plan.block_panels);
  plan.thread_floats = plan.block_rows * kBf16Columns + plan.block_rows * depth / 2;
  return plan;
}

void bf16_gemm_part(const Bf16Gemm& gemm, const Bf16GemmPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(gemm, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
