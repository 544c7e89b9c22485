// How a convolution by Winograd is cut into parts, and where what they share lies. Included once for each
// instruction set (Highway's way): no ordinary include guard.
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

template <class Kind>
std::size_t tile_count(const WinogradConv& conv) {
  constexpr std::size_t kSide = Kind::kOutTile;
  return conv.batch * ((conv.out_height + kSide - 1) / kSide) * ((conv.out_width + kSide - 1) / kSide);
}

inline constexpr std::size_t kTilesPerPart = 8;
inline constexpr std::size_t kGroupTiles =
    96;  // multiplied at a time: products stay in the second-level cache

// What is multiplied: float, or Word, a bfloat16. The larger tile would lose too much to bfloat16.
template <class Multiplied, class Tile>
struct Filtering : Tile {
  using Element = Multiplied;
  // What rows and depth of a product are filled up to.
  static BlockUnits units() {
    return std::is_same_v<Element, Word> ? block_units() : BlockUnits{kTileRows, 1, 1};
  }
  // What tiles are best multiplied a multiple of: float32 has good register tiles of fewer rows too.
  static std::size_t tile_step() { return std::is_same_v<Element, Word> ? block_units().rows : 4; }
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

// Floats whose memory holds so many elements.
template <class Element>
constexpr std::size_t floats_for(std::size_t elements) {
  return (elements * sizeof(Element) + sizeof(float) - 1) / sizeof(float);
}

inline std::size_t block_count(const WinogradConv& conv) {
  return (conv.out_channels + kPanelWidth - 1) / kPanelWidth;
}

// Transformed inputs lie as [point][tile][channels], transformed filters of a block of output channels as
// [point][channels][kPanelWidth].
template <class Kind, class Element = typename Kind::Element>
struct Transformed {
  std::size_t channels, tile_stride, point_stride, block_size;
  Transformed(const WinogradConv& conv, std::size_t tiles)
      : channels(round_up(conv.in_channels, Kind::units().depth)),
        tile_stride(channels + kGap),
        point_stride(round_up(tiles, Kind::units().rows) * tile_stride + kGap),
        block_size(Kind::kPoints * panel_stride(channels)) {}
  std::size_t input_floats() const { return floats_for<Element>(Kind::kPoints * point_stride); }
  std::size_t filter_floats(std::size_t blocks) const { return floats_for<Element>(blocks * block_size); }
};

// Filters for all threads where they are few and the tiles many.
template <class Kind>
WinogradPlan plan_shared_filters(const WinogradConv& conv, std::size_t group_tiles) {
  WinogradPlan plan;
  plan.out_tile = Kind::kOutTile;
  plan.points = Kind::kPoints;
  plan.shared = WinogradPlan::Shared::filters;
  plan.chunks = 1;
  plan.chunk_tiles = tile_count<Kind>(conv);
  plan.group_tiles = group_tiles;
  plan.first_parts = block_count(conv);
  plan.second_parts = (plan.chunk_tiles + group_tiles - 1) / group_tiles;
  const Transformed<Kind> transformed(conv, group_tiles);
  plan.shared_floats = transformed.filter_floats(plan.first_parts);
  plan.thread_floats = Kind::kPoints * product_stride(plan) + transformed.input_floats();
  return plan;
}

template <class Kind, class Element = typename Kind::Element>
WinogradPlan plan_shared_inputs(const WinogradConv& conv, std::size_t threads) {
  // Inputs of a chunk stay in the shared cache, beside what else does.
  const std::size_t chunk_bytes =
      std::clamp(cache_sizes().shared * 3 / 8, std::size_t{12} << 20, std::size_t{24} << 20);
  constexpr std::size_t kPartsPerThread = 4, kDepthBytes = 512;
  // Products of more points leave room for fewer tiles.
  const std::size_t group_tiles =
      round_up(kGroupTiles * Winograd<4>::kPoints / Kind::kPoints, Kind::units().rows);
  const std::size_t tiles = tile_count<Kind>(conv), blocks = block_count(conv);
  const std::size_t group_bytes = Kind::kPoints * conv.in_channels * sizeof(Element) * group_tiles;
  const std::size_t groups = std::max<std::size_t>(chunk_bytes / group_bytes, 1);
  WinogradPlan plan;
  plan.out_tile = Kind::kOutTile;
  plan.points = Kind::kPoints;
  plan.shared = WinogradPlan::Shared::inputs;
  plan.chunks = (tiles + groups * group_tiles - 1) / (groups * group_tiles);
  plan.chunk_tiles = (tiles + plan.chunks - 1) / plan.chunks;
  const std::size_t chunk_groups = (plan.chunk_tiles + group_tiles - 1) / group_tiles;
  plan.group_tiles = (plan.chunk_tiles + chunk_groups - 1) / chunk_groups;
  plan.group_tiles = round_up(plan.group_tiles, Kind::units().rows);
  plan.first_parts = (plan.chunk_tiles + kTilesPerPart - 1) / kTilesPerPart;
  // Filters are transformed once for all groups of a part.
  const std::size_t runs = std::clamp<std::size_t>(threads * kPartsPerThread / blocks, 1, chunk_groups);
  plan.part_groups = (chunk_groups + runs - 1) / runs;
  plan.second_parts = blocks * ((chunk_groups + plan.part_groups - 1) / plan.part_groups);
  // The products of one group can wait for more channels, and filters then stay in the second-level cache.
  plan.part_channels =
      plan.part_groups > 1 ? conv.in_channels : std::min(kDepthBytes / sizeof(Element), conv.in_channels);
  plan.shared_floats = Transformed<Kind>(conv, plan.chunk_tiles).input_floats();
  const std::size_t filled = round_up(plan.part_channels, Kind::units().depth);
  plan.thread_floats = Kind::kPoints * (product_stride(plan) + floats_for<Element>(panel_stride(filled)));
  return plan;
}

// No parts where filters are better not shared.
template <class Kind>
WinogradPlan plan_if_shared_filters(const WinogradConv& conv, std::size_t threads) {
  // All filters stay in the shared cache, inputs of a group in the second-level one. Where that is large,
  // groups may outgrow it a little: each then reads the filters for more tiles.
  constexpr std::size_t kLarge = std::size_t{2} << 20;
  constexpr std::size_t kSomeBytes = std::size_t{Kind::kOutTile == 6 ? 832 : 640} << 10;
  const std::size_t input_bytes =
      cache_sizes().second_level >= kLarge ? cache_sizes().second_level * 3 / 2 : kSomeBytes;
  constexpr std::size_t kFilterBytes = std::size_t{20} << 20;
  constexpr std::size_t kPartsPerThread = 4;
  const Transformed<Kind> one(conv, Kind::units().rows);
  const std::size_t most =
      std::min(input_bytes / (one.input_floats() * sizeof(float)) * Kind::units().rows, kGroupTiles);
  const bool few = one.filter_floats(block_count(conv)) * sizeof(float) <= kFilterBytes;
  const std::size_t thread_tiles = (tile_count<Kind>(conv) + threads - 1) / threads;
  if (!few || most == 0 || thread_tiles < kPartsPerThread * most) return {};
  // As many groups for each thread.
  const std::size_t groups = (thread_tiles + most - 1) / most;
  return plan_shared_filters<Kind>(conv, round_up((thread_tiles + groups - 1) / groups, Kind::tile_step()));
}

template <class Kind>
WinogradPlan plan_for(const WinogradConv& conv, std::size_t threads) {
  const auto plan = plan_if_shared_filters<Kind>(conv, threads);
  return plan.second_parts > 0 ? plan : plan_shared_inputs<Kind>(conv, threads);
}

// Filters of 100 points are worth their transform from some tiles on.
inline bool upsamples_by_phases(const WinogradConv& conv) {
  constexpr std::size_t kFewTiles = 16;
  return conv.upsample && tile_count<UpsampledWinograd>(conv) >= kFewTiles;
}

inline WinogradPlan Plan(const WinogradConv& conv, std::size_t threads) {
  if constexpr (kPanelWidth == kPanelColumns) {
    if (multiplies_bf16(conv)) {
      return upsamples_by_phases(conv) ? plan_for<Filtering<Word, UpsampledWinograd>>(conv, threads)
                                       : plan_for<Filtering<Word, Winograd<4>>>(conv, threads);
    }
  }
  using Small = Filtering<float, Winograd<4>>;
  using Large = Filtering<float, Winograd<6>>;
  // Larger tiles stand over the picture's edges more often, and need larger caches.
  const std::size_t small_points = tile_count<Small>(conv) * Small::kPoints;
  const std::size_t large_points = tile_count<Large>(conv) * Large::kPoints;
  const auto large = plan_if_shared_filters<Large>(conv, threads);
  if (large.second_parts > 0 && large_points < small_points - small_points / 8) return large;
  return upsamples_by_phases(conv) ? plan_for<Filtering<float, UpsampledWinograd>>(conv, threads)
                                   : plan_for<Small>(conv, threads);
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
