#include "kernels/cpu/widening_gemm.h"

#include <algorithm>

#include "support/round_up.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/widening_gemm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// Depth of a piece of a panel that stays in the first-level cache when it is widened.
constexpr std::size_t kPiece = 160;

// A part's sums and a piece of its inputs stay in the second-level cache, and what is widened is used for
// many rows.
GemmPlan Plan(const WideningGemm& gemm, std::size_t threads) {
  constexpr std::size_t kMostRows = 240, kMostPanels = 8, kPartsPerThread = 8;
  const std::size_t halves = gemm.geglu ? 2 : 1;
  GemmPlan plan;
  plan.panels = (gemm.columns / halves + kPanelWidth - 1) / kPanelWidth;
  const std::size_t row_parts = std::max<std::size_t>((gemm.rows + kMostRows - 1) / kMostRows, 1);
  plan.block_rows = round_up((gemm.rows + row_parts - 1) / row_parts, kTileRows);
  const std::size_t parts = threads * kPartsPerThread;
  const std::size_t panels = std::min((plan.panels * row_parts + parts - 1) / parts, kMostPanels / halves);
  const std::size_t panel_parts = (plan.panels + panels - 1) / panels;
  plan.block_panels = (plan.panels + panel_parts - 1) / panel_parts;
  plan.parts = row_parts * panel_parts;
  plan.thread_floats = (kPiece + halves * plan.block_rows * plan.block_panels) * kPanelWidth;
  return plan;
}

// A piece of a panel, [depth, kPanelWidth]. What follows it in the panel is asked for.
template <class Weight>
void widen(const Weight* HWY_RESTRICT piece, std::size_t depth, float* HWY_RESTRICT widened) {
  for (std::size_t i = 0; i < depth * kPanelWidth; i += kPanelWidth) {
    __builtin_prefetch(piece + kPiece * kPanelWidth + i, 0, 2);
    for (std::size_t v = 0; v < kPanelWidth; v += kLanes) {
      hn::StoreU(load_widened(piece + i + v), kFloat, widened + i + v);
    }
  }
}

struct Rows {
  std::size_t first, count;
};

struct Sums {
  float* first;
  std::size_t stride;
};

// sums [rows, panels * kPanelWidth] = bias + inputs * weights, of the panels from `column` on.
template <class Weight>
void multiply_panels(const WideningGemm& gemm, const Weight* packed, Rows rows, std::size_t column,
                     std::size_t panels, float* widened, Sums sums) {
  for (std::size_t k = 0; k < gemm.depth; k += kPiece) {
    const std::size_t piece = std::min(kPiece, gemm.depth - k);
    const float* const input = gemm.input + rows.first * gemm.depth + k;
    for (std::size_t panel = 0; panel < panels; ++panel) {
      const std::size_t first = column + panel * kPanelWidth;
      float* const to = sums.first + panel * kPanelWidth;
      widen(packed + first * gemm.depth + k * kPanelWidth, piece, widened);
      if (k > 0) {
        multiply_rows<Start::output, Far{}>(input, gemm.depth, rows.count, piece, widened, nullptr, to,
                                            sums.stride);
        continue;
      }
      HWY_ALIGN float bias[kPanelWidth] = {};
      if (gemm.bias != nullptr) {
        std::copy_n(gemm.bias + first, std::min(kPanelWidth, gemm.columns - first), bias);
      }
      multiply_rows<Start::row, Far{}>(input, gemm.depth, rows.count, piece, widened, bias, to, sums.stride);
    }
  }
}

template <class Weight>
void run_part(const WideningGemm& gemm, const Weight* packed, const GemmPlan& plan, std::size_t part,
              float* scratch) {
  const auto [first_row, row_count, first_panel, panels] = part_of(plan, part, gemm.rows);
  const Rows rows{first_row, row_count};
  const std::size_t column = first_panel * kPanelWidth, width = gemm.geglu ? gemm.columns / 2 : gemm.columns;
  const std::size_t count = std::min(panels * kPanelWidth, width - column);
  float* const output = gemm.output + first_row * width + column;
  if (!gemm.geglu && gemm.residual == nullptr && count == panels * kPanelWidth) {
    multiply_panels(gemm, packed, rows, column, panels, scratch, {output, width});
    return;
  }
  const Sums sums{scratch + kPiece * kPanelWidth, panels * kPanelWidth};
  multiply_panels(gemm, packed, rows, column, panels, scratch, sums);
  if (gemm.geglu) {
    const Sums gates{sums.first + rows.count * sums.stride, sums.stride};
    multiply_panels(gemm, packed, rows, width + column, panels, scratch, gates);
    for (std::size_t r = 0; r < rows.count; ++r) {
      write_gated(sums.first + r * sums.stride, gates.first + r * sums.stride, count, output + r * width);
    }
    return;
  }
  const float* const residual = gemm.residual != nullptr ? gemm.residual + (output - gemm.output) : nullptr;
  for (std::size_t r = 0; r < rows.count; ++r) {
    for (std::size_t c = 0; c < count; ++c) {
      output[r * width + c] =
          sums.first[r * sums.stride + c] + (residual != nullptr ? residual[r * width + c] : 0.0F);
    }
  }
}

void Part(const WideningGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  if (gemm.f16 != nullptr) return run_part(gemm, gemm.f16, plan, part, scratch);
  run_part(gemm, gemm.bf16, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Plan);
HWY_EXPORT(Part);

GemmPlan plan_widening_gemm(const WideningGemm& gemm, std::size_t threads) {
  return HWY_DYNAMIC_DISPATCH(Plan)(gemm, threads);
}

void widening_gemm_part(const WideningGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(gemm, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
