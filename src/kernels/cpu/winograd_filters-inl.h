// The filters of Winograd's convolutions, transformed as they are needed: kept, they would take four to seven
// times the memory. Included once for each instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_WINOGRAD_FILTERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_WINOGRAD_FILTERS_INL_H_
#undef SDW_KERNELS_CPU_WINOGRAD_FILTERS_INL_H_
#else
#define SDW_KERNELS_CPU_WINOGRAD_FILTERS_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/bf16-inl.h"
#include "kernels/cpu/winograd_plan.h"
#include "kernels/cpu/winograd_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

inline constexpr std::size_t kGap = kWinogradGap;

// From one point of a block of filters to the next.
HWY_INLINE std::size_t panel_stride(std::size_t depth) {
  return depth * kPanelWidth + kGap;
}

// Packed filters of one input channel.
inline constexpr std::size_t kFilterSize = 9 * kPanelWidth;

// The processor's own prefetching gives up on the filters, which come from memory, because of the many
// places that are written beside: they are asked for so many bytes ahead, into the second-level cache.
template <class Weight>
HWY_INLINE void prefetch_filters(const Weight* packed, std::size_t channels) {
  constexpr std::size_t kAhead = std::size_t{16} << 10, kCacheLine = 64;
  const char* const ahead = reinterpret_cast<const char*>(packed) + kAhead;
  for (std::size_t i = 0; i < channels * kFilterSize * sizeof(Weight); i += kCacheLine) {
    __builtin_prefetch(ahead + i, 0, 2);
  }
}

// Filters of bytes are packed behind the scales of their block's output channels.
inline constexpr std::size_t kScaleBytes = kPanelWidth * sizeof(float);

// The columns of one vector of filters (output channels) transformed, the rows not yet. `scales` of the
// vector, or null.
template <class Tile>
using HalfFilter = FloatVector[Tile::kSide][3];

template <class Tile, class Weight>
HWY_INLINE void transform_columns(const Weight* packed, const float* scales, HalfFilter<Tile>& half) {
  for (std::size_t j = 0; j < 3; ++j) {
    FloatVector column[3], rows[Tile::kSide];
    for (std::size_t i = 0; i < 3; ++i) {
      column[i] = load_widened(packed + (3 * i + j) * kPanelWidth);
      if (scales != nullptr) column[i] = hn::Mul(column[i], hn::LoadU(kFloat, scales));
    }
    Tile::transform_filter(column, rows);
    for (std::size_t i = 0; i < Tile::kSide; ++i) half[i][j] = rows[i];
  }
}

// Packed filters of one block of output channels (with its `scales`, or null) and `depth` input channels ->
// points panel_stride apart, each [depth][kPanelWidth].
template <class Tile, class Weight>
void transform_filters(const Weight* HWY_RESTRICT packed, const float* scales, std::size_t depth,
                       float* HWY_RESTRICT panels) {
  for (std::size_t c = 0; c < depth; ++c, packed += kFilterSize) {
    prefetch_filters(packed, 1);
    for (std::size_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      HalfFilter<Tile> half;
      transform_columns<Tile>(packed + lane, scales != nullptr ? scales + lane : nullptr, half);
      float* const to = panels + c * kPanelWidth + lane;
      for (std::size_t i = 0; i < Tile::kSide; ++i) {
        FloatVector row[Tile::kSide];
        Tile::transform_filter(half[i], row);
        for (std::size_t j = 0; j < Tile::kSide; ++j) {
          hn::StoreU(row[j], kFloat, to + (i * Tile::kSide + j) * panel_stride(depth));
        }
      }
    }
  }
}

// The same -> panels of bfloat16 (panel_block.h) of `filled` channels, those beyond `depth` zeros.
template <class Tile, class Weight>
void transform_filters(const Weight* HWY_RESTRICT packed, const float* scales, std::size_t depth,
                       std::size_t filled, Word* HWY_RESTRICT panels) {
  alignas(64) static constexpr Weight kZeros[kFilterSize] = {};
  for (std::size_t c = 0; c < filled; c += 2, packed += 2 * kFilterSize) {
    prefetch_filters(packed, 2);
    const Weight* const first = c < depth ? packed : kZeros;
    const Weight* const second = c + 1 < depth ? packed + kFilterSize : kZeros;
    for (std::size_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      const float* const some = scales != nullptr ? scales + lane : nullptr;
      HalfFilter<Tile> first_half, second_half;
      transform_columns<Tile>(first + lane, some, first_half);
      transform_columns<Tile>(second + lane, some, second_half);
      Word* const to = panels + c * kPanelWidth + 2 * lane;
      for (std::size_t i = 0; i < Tile::kSide; ++i) {
        FloatVector first_row[Tile::kSide], second_row[Tile::kSide];
        Tile::transform_filter(first_half[i], first_row);
        Tile::transform_filter(second_half[i], second_row);
        for (std::size_t j = 0; j < Tile::kSide; ++j) {
          const auto pairs = hn::Or(lower_bf16(first_row[j]), upper_bf16(second_row[j]));
          hn::StoreU(pairs, kWord,
                     reinterpret_cast<std::uint32_t*>(to + (i * Tile::kSide + j) * panel_stride(filled)));
        }
      }
    }
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
