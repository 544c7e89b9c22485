// Kinds of Winograd's convolutions as types, beside what plans know of them (winograd_plan.h). Included once
// for each instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_WINOGRAD_PLAN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_WINOGRAD_PLAN_INL_H_
#undef SDW_KERNELS_CPU_WINOGRAD_PLAN_INL_H_
#else
#define SDW_KERNELS_CPU_WINOGRAD_PLAN_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/panel_block.h"
#include "kernels/cpu/winograd.h"
#include "kernels/cpu/winograd_filters-inl.h"
#include "kernels/cpu/winograd_plan.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

struct TilePlace {
  std::size_t image, y, x;  // of the top left output
};

template <class Kind>
TilePlace place_of(const WinogradConv& conv, std::size_t tile) {
  constexpr std::size_t kSide = Kind::kOutTile;
  const std::size_t columns = (conv.out_width + kSide - 1) / kSide;
  const std::size_t rows = (conv.out_height + kSide - 1) / kSide;
  return {tile / (rows * columns), tile / columns % rows * kSide, tile % columns * kSide};
}

// What is multiplied: float, or Word, a bfloat16. The larger tile would lose too much to bfloat16.
template <class Multiplied, class Tile>
struct Filtering : Tile {
  using Element = Multiplied;
  // What rows and depth of a product are filled up to.
  static BlockUnits units() {
    return std::is_same_v<Element, Word> ? block_units() : BlockUnits{kTileRows, 1, 1};
  }
};

inline bool multiplies_bf16(const WinogradConv& conv) {
  return !conv.exact && conv.weight == nullptr && conv.f16_weight == nullptr && can_multiply(PanelType::bf16);
}

// Calls `run` with the kind of filtering that a plan is for.
template <class Run>
auto with_kind(const WinogradConv& conv, const WinogradPlan& plan, const Run& run) {
  const bool by_phases = plan.out_tile == UpsampledWinograd::kOutTile;
  if constexpr (kPanelWidth == kPanelColumns) {
    if (multiplies_bf16(conv) && by_phases) return run(Filtering<Word, UpsampledWinograd>());
    if (multiplies_bf16(conv)) return run(Filtering<Word, Winograd<4>>());
  }
  if (by_phases) return run(Filtering<float, UpsampledWinograd>());
  return plan.out_tile == 6 ? run(Filtering<float, Winograd<6>>()) : run(Filtering<float, Winograd<4>>());
}

inline std::size_t product_stride(const WinogradPlan& plan) {
  return plan.group_tiles * kPanelWidth + kGap;
}

// `Kind` as plans know it.
template <class Kind>
WinogradKind kind_of() {
  using Element = typename Kind::Element;
  const WinogradKinds kinds =
      std::is_same_v<Element, Word> ? bf16_winograd_kinds(block_units()) : float_winograd_kinds(kGeometry);
  return Kind::kOutTile == 8 ? kinds.upsampled : Kind::kOutTile == 6 ? kinds.large : kinds.small;
}

template <class Kind>
struct Transformed : WinogradLayout {
  Transformed(const WinogradConv& conv, std::size_t tiles)
      : WinogradLayout(kind_of<Kind>(), kGeometry, conv.in_channels, tiles) {}
};

inline WinogradPlan Plan(const WinogradConv& conv, std::size_t threads) {
  const bool bf16 = kPanelWidth == kPanelColumns && multiplies_bf16(conv);
  return plan_winograd(conv, threads, cache_sizes(), kGeometry,
                       bf16 ? bf16_winograd_kinds(block_units()) : float_winograd_kinds(kGeometry));
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
