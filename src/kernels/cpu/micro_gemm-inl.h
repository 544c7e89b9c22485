// The register tile all float32 products are made of. Included once for each instruction set (Highway's way):
// no ordinary include guard.
#if defined(SDW_KERNELS_CPU_MICRO_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_MICRO_GEMM_INL_H_
#undef SDW_KERNELS_CPU_MICRO_GEMM_INL_H_
#else
#define SDW_KERNELS_CPU_MICRO_GEMM_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <hwy/highway.h>

#include "kernels/cpu/tile_geometry.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVector = hn::Vec<FloatTag>;
inline constexpr FloatTag kFloat;
using WordTag = hn::RebindToUnsigned<FloatTag>;
inline constexpr WordTag kWord;
inline constexpr std::size_t kLanes = HWY_LANES(float);
// Columns of a panel of weights, and rows of a register tile.
inline constexpr TileGeometry kGeometry = tile_geometry_of(kLanes);
inline constexpr std::size_t kPanelWidth = kGeometry.panel_width;
inline constexpr std::size_t kTileRows = kGeometry.tile_rows;

// `count` floats from or to memory, at most kLanes; the rest are zeros. Masked memory operations may touch
// what lies beyond on the older instruction sets, so a part of a vector goes through a buffer.
HWY_INLINE FloatVector load_some(const float* from, std::size_t count) {
  if (count == kLanes) return hn::LoadU(kFloat, from);
  HWY_ALIGN float buffer[kLanes] = {};
  std::copy_n(from, count, buffer);
  return hn::Load(kFloat, buffer);
}

HWY_INLINE void store_some(FloatVector value, float* to, std::size_t count) {
  if (count == kLanes) {
    hn::StoreU(value, kFloat, to);
    return;
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(value, kFloat, buffer);
  std::copy_n(buffer, count, to);
}

// What the sums of a product begin with: one row for all (a bias), or what is in the output already.
enum class Start { row, output };

// What a product asks for ahead of its use, where no near cache has it: the processor's own prefetching
// begins anew on every page, and is late for the short pieces of many rows.
struct Far {
  bool panel = false;      // what follows in it
  bool next_rows = false;  // those that are multiplied after these
};

// The rows of a panel, one after the other.
struct Panel {
  const float* row;
  FloatVector load(std::size_t v) const { return hn::LoadU(kFloat, row + v * kLanes); }
  void next() { row += kPanelWidth; }
};

// c[r, 0..kPanelWidth) = start + sum over k of a[r, k] * panel[k, :] for kRows rows. A null `start` is zero.
// A function of its own, so that what goes on around it takes no registers from its loop.
template <std::size_t kRows, Start kStart, Far kFar, class AnyPanel>
HWY_NOINLINE void multiply_tile(const float* HWY_RESTRICT a, std::size_t a_stride, std::size_t depth,
                                AnyPanel panel, const float* HWY_RESTRICT start, float* HWY_RESTRICT c,
                                std::size_t c_stride, const float* next_rows) {
  constexpr std::size_t kLineBytes = 64, kLine = kLineBytes / sizeof(float), kAhead = std::size_t{8} << 10;
  FloatVector sums[kRows][2], columns[2];
  for (std::size_t v = 0; v < 2; ++v) {
    columns[v] = start != nullptr ? hn::LoadU(kFloat, start + v * kLanes) : hn::Zero(kFloat);
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < 2; ++v) {
      sums[r][v] = kStart == Start::row ? columns[v] : hn::LoadU(kFloat, c + r * c_stride + v * kLanes);
    }
  }
  // Rows are addressed from few of them, so that no pointer has to leave the registers.
  const float *rows_0 = a, *rows_4 = a + std::min<std::size_t>(kRows, 4) * a_stride,
              *rows_8 = a + std::min<std::size_t>(kRows, 8) * a_stride;
  for (std::size_t line = 0; line < depth; line += kLine) {
    const float* next_line = kFar.next_rows ? next_rows + line : nullptr;
    const std::size_t steps = std::min(kLine, depth - line);
    for (std::size_t k = 0; k < steps; ++k) {
#pragma GCC unroll 2
      for (std::size_t v = 0; v < 2; ++v) columns[v] = panel.load(v);
      if constexpr (kFar.panel) {
        const char* const ahead = reinterpret_cast<const char*>(panel.row) + kAhead;
        for (std::size_t i = 0; i < kPanelWidth * sizeof(*panel.row); i += kLineBytes) {
          __builtin_prefetch(ahead + i, 0, 2);
        }
      }
      if constexpr (kFar.next_rows) {
        // In as many steps as a line has values, one line of each row.
        __builtin_prefetch(next_line, 0, 2);
        next_line += a_stride;
      }
      panel.next();
      __asm__("" : "+r"(rows_0), "+r"(rows_4), "+r"(rows_8));
#pragma GCC unroll 12
      for (std::size_t r = 0; r < kRows; ++r) {
        const float* const near = r < 4 ? rows_0 : r < 8 ? rows_4 : rows_8;
        const FloatVector value = hn::Set(kFloat, near[r % 4 * a_stride]);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < 2; ++v) sums[r][v] = hn::MulAdd(value, columns[v], sums[r][v]);
      }
      ++rows_0, ++rows_4, ++rows_8;
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (std::size_t v = 0; v < 2; ++v) hn::StoreU(sums[r][v], kFloat, c + r * c_stride + v * kLanes);
  }
}

// The same for any number of rows: in tiles, from the largest that fits down to single rows. `next_rows` are
// those that are multiplied after all of these.
template <Start kStart, Far kFar>
HWY_INLINE void multiply_rows(const float* a, std::size_t a_stride, std::size_t rows, std::size_t depth,
                              const float* panel, const float* start, float* c, std::size_t c_stride,
                              const float* next_rows = nullptr) {
  const auto tile = [&]<std::size_t kRows>() {
    for (; rows >= kRows; rows -= kRows, a += kRows * a_stride, c += kRows * c_stride) {
      const float* const next = rows > kRows ? a + kRows * a_stride : next_rows;
      multiply_tile<kRows, kStart, kFar>(a, a_stride, depth, Panel{panel}, start, c, c_stride, next);
    }
  };
  if constexpr (kTileRows >= 12) {
    tile.template operator()<12>();
    tile.template operator()<8>();
    tile.template operator()<6>();
  }
  tile.template operator()<4>();
  tile.template operator()<2>();
  tile.template operator()<1>();
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
