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

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVector = hn::Vec<FloatTag>;
inline constexpr FloatTag kFloat;
using WordTag = hn::RebindToUnsigned<FloatTag>;
inline constexpr WordTag kWord;
inline constexpr std::size_t kLanes = HWY_LANES(float);
// Columns of a panel of weights, and rows of a register tile: accumulators for 12 x 2 (or 8 x 3)
// vectors fit 32 registers, 4 x 2 (or 4 x 3) fit 16.
inline constexpr std::size_t kPanelWidth = 2 * kLanes;
inline constexpr std::size_t kTileRows = HWY_TARGET <= HWY_AVX3 ? 12 : 4;

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

// c[r, 0..kVectors * kLanes) = start + sum over k of a[r, k] * panel[k, :] for kRows rows. A null `start` is
// zero.
template <std::size_t kRows, Start kStart, std::size_t kVectors>
HWY_INLINE void multiply_tile(const float* HWY_RESTRICT a, std::size_t a_stride, std::size_t depth,
                              const float* HWY_RESTRICT panel, const float* HWY_RESTRICT start,
                              float* HWY_RESTRICT c, std::size_t c_stride) {
  FloatVector sums[kRows][kVectors], columns[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    columns[v] = start != nullptr ? hn::LoadU(kFloat, start + v * kLanes) : hn::Zero(kFloat);
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[r][v] = kStart == Start::row ? columns[v] : hn::LoadU(kFloat, c + r * c_stride + v * kLanes);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = hn::LoadU(kFloat, panel + v * kLanes);
    panel += kVectors * kLanes;
#pragma GCC unroll 12
    for (std::size_t r = 0; r < kRows; ++r) {
      const FloatVector value = hn::Set(kFloat, a[r * a_stride + k]);
#pragma GCC unroll 3
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = hn::MulAdd(value, columns[v], sums[r][v]);
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(sums[r][v], kFloat, c + r * c_stride + v * kLanes);
  }
}

// The same for any number of rows: full tiles, then smaller ones down to single rows.
template <Start kStart, std::size_t kVectors = 2>
HWY_INLINE void multiply_rows(const float* a, std::size_t a_stride, std::size_t rows, std::size_t depth,
                              const float* panel, const float* start, float* c, std::size_t c_stride) {
  const auto tile = [&]<std::size_t kRows>() {
    for (; rows >= kRows; rows -= kRows, a += kRows * a_stride, c += kRows * c_stride) {
      multiply_tile<kRows, kStart, kVectors>(a, a_stride, depth, panel, start, c, c_stride);
    }
  };
  if constexpr (kTileRows >= 12 && kVectors == 3) {
    tile.template operator()<8>();
  } else if constexpr (kTileRows >= 12) {
    tile.template operator()<12>();
    tile.template operator()<6>();
  }
  tile.template operator()<4>();
  tile.template operator()<2>();
  tile.template operator()<1>();
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
