#include "kernels/cpu/gemm.h"

#include <algorithm>
#include <type_traits>

#include "kernels/cpu/cache_sizes.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/gemm.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/bf16-inl.h"
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

TileGeometry Geometry() {
  return tile_geometry_of(kLanes);
}

constexpr std::size_t kPiece = kGemmPiece;

// The rows of a panel, which are written down as they are widened.
template <class Weight>
struct WideningPanel {
  const Weight* row;
  float* widened;
  FloatVector load(std::size_t v) const {
    const FloatVector value = load_widened(row + v * kLanes);
    hn::StoreU(value, kFloat, widened + v * kLanes);
    return value;
  }
  void next() { row += kPanelWidth, widened += kPanelWidth; }
};

// c [rows, kPanelWidth] = start + a [rows, depth] * panel [depth, kPanelWidth]. The first rows widen a panel
// of 16 bits for all others: what that takes is hidden between their products.
template <Start kStart, class Weight>
void multiply_rows_by(const float* a, std::size_t a_stride, std::size_t rows, std::size_t depth,
                      const Weight* panel, float* widened, const float* start, float* c,
                      std::size_t c_stride) {
  constexpr Far kFirst{.panel = true, .next_rows = true};
  if constexpr (std::is_same_v<Weight, float>) {
    multiply_rows<kStart, kFirst>(a, a_stride, rows, depth, panel, start, c, c_stride, a);
  } else {
    const auto widen = [&]<std::size_t kRows>() {
      const float* const next = rows > kRows ? a + kRows * a_stride : a;
      multiply_tile<kRows, kStart, kFirst>(a, a_stride, depth, WideningPanel<Weight>{panel, widened}, start,
                                           c, c_stride, next);
      return kRows;
    };
    const std::size_t done = rows >= kTileRows ? widen.template operator()<kTileRows>()
                             : rows >= 4       ? widen.template operator()<4>()
                                               : widen.template operator()<1>();
    multiply_rows<kStart, Far{.next_rows = true}>(a + done * a_stride, a_stride, rows - done, depth, widened,
                                                  start, c + done * c_stride, c_stride, a);
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
void multiply_panels(const Gemm& gemm, const Weight* packed, Rows rows, std::size_t column,
                     std::size_t panels, float* widened, Sums sums) {
  for (std::size_t k = 0; k < gemm.depth; k += kPiece) {
    const std::size_t piece = std::min(kPiece, gemm.depth - k);
    const float* const input = gemm.input + rows.first * gemm.depth + k;
    for (std::size_t panel = 0; panel < panels; ++panel) {
      const std::size_t first = column + panel * kPanelWidth;
      float* const to = sums.first + panel * kPanelWidth;
      const Weight* const weights = packed + first * gemm.depth + k * kPanelWidth;
      if (k > 0) {
        multiply_rows_by<Start::output>(input, gemm.depth, rows.count, piece, weights, widened, nullptr, to,
                                        sums.stride);
        continue;
      }
      HWY_ALIGN float bias[kPanelWidth] = {};
      if (gemm.bias != nullptr) {
        std::copy_n(gemm.bias + first, std::min(kPanelWidth, gemm.columns - first), bias);
      }
      multiply_rows_by<Start::row>(input, gemm.depth, rows.count, piece, weights, widened, bias, to,
                                   sums.stride);
    }
  }
}

template <class Weight>
void run_part(const Gemm& gemm, const Weight* packed, const GemmPlan& plan, std::size_t part,
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

void Part(const Gemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  if (gemm.f32 != nullptr) return run_part(gemm, gemm.f32, plan, part, scratch);
  if (gemm.f16 != nullptr) return run_part(gemm, gemm.f16, plan, part, scratch);
  run_part(gemm, gemm.bf16, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(PackedSize);
HWY_EXPORT(PackWeight);
HWY_EXPORT(PackHalfWeight);
HWY_EXPORT(PackBf16Weight);
HWY_EXPORT(Geometry);
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

TileGeometry tile_geometry() {
  return HWY_DYNAMIC_DISPATCH(Geometry)();
}

GemmPlan plan_gemm(const Gemm& gemm, std::size_t threads) {
  return plan_gemm(gemm, threads, cache_sizes(), tile_geometry());
}

void gemm_part(const Gemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(gemm, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
