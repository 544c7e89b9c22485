#include "kernels/cpu/winograd_plan.h"

#include "support/round_up.h"

namespace sdw::kernels::cpu {
namespace {

constexpr std::size_t kGroupTiles = 96;  // multiplied at a time: products stay in the second-level cache
constexpr std::size_t kSmallPoints = 36, kLargePoints = 64, kUpsampledPoints = 100;

std::size_t divide_up(std::size_t value, std::size_t by) {
  return (value + by - 1) / by;
}

// One convolution, kind of tile and machine.
struct Case {
  const WinogradConv& conv;
  std::size_t threads;
  const CacheSizes& caches;
  const TileGeometry& geometry;
  const WinogradKind& kind;

  std::size_t tiles() const { return winograd_tile_count(conv, kind.out_tile); }
  std::size_t blocks() const { return winograd_block_count(conv, geometry); }
  WinogradLayout layout(std::size_t some_tiles) const {
    return {kind, geometry, conv.in_channels, some_tiles};
  }
  std::size_t product_floats(std::size_t group_tiles) const {
    return kind.points * (group_tiles * geometry.panel_width + kWinogradGap);
  }
};

// Filters for all threads where they are few and the tiles many.
WinogradPlan plan_shared_filters(const Case& c, std::size_t group_tiles) {
  WinogradPlan plan;
  plan.out_tile = c.kind.out_tile;
  plan.points = c.kind.points;
  plan.shared = WinogradPlan::Shared::filters;
  plan.chunks = 1;
  plan.chunk_tiles = c.tiles();
  plan.group_tiles = group_tiles;
  plan.first_parts = c.blocks();
  plan.second_parts = divide_up(plan.chunk_tiles, group_tiles);
  const WinogradLayout layout = c.layout(group_tiles);
  plan.shared_floats = layout.filter_floats(plan.first_parts);
  plan.thread_floats = c.product_floats(group_tiles) + layout.input_floats();
  return plan;
}

WinogradPlan plan_shared_inputs(const Case& c) {
  // Inputs of a chunk stay in the shared cache, beside what else does.
  const std::size_t chunk_bytes =
      std::clamp(c.caches.shared * 3 / 8, std::size_t{12} << 20, std::size_t{24} << 20);
  constexpr std::size_t kPartsPerThread = 4, kDepthBytes = 512;
  // Products of more points leave room for fewer tiles.
  const std::size_t most_tiles = round_up(kGroupTiles * kSmallPoints / c.kind.points, c.kind.units.rows);
  const std::size_t tiles = c.tiles(), blocks = c.blocks();
  const std::size_t group_bytes = c.kind.points * c.conv.in_channels * c.kind.element_bytes * most_tiles;
  const std::size_t groups = std::max<std::size_t>(chunk_bytes / group_bytes, 1);
  WinogradPlan plan;
  plan.out_tile = c.kind.out_tile;
  plan.points = c.kind.points;
  plan.shared = WinogradPlan::Shared::inputs;
  plan.chunks = divide_up(tiles, groups * most_tiles);
  plan.chunk_tiles = divide_up(tiles, plan.chunks);
  const std::size_t wanted_groups = divide_up(plan.chunk_tiles, most_tiles);
  plan.group_tiles = round_up(divide_up(plan.chunk_tiles, wanted_groups), c.kind.units.rows);
  // Whole units a group: fewer groups than were wanted may hold all tiles.
  const std::size_t chunk_groups = divide_up(plan.chunk_tiles, plan.group_tiles);
  plan.first_parts = divide_up(plan.chunk_tiles, kWinogradTilesPerPart);
  // Filters are transformed once for all groups of a part.
  const std::size_t runs = std::clamp<std::size_t>(c.threads * kPartsPerThread / blocks, 1, chunk_groups);
  plan.part_groups = divide_up(chunk_groups, runs);
  plan.second_parts = blocks * divide_up(chunk_groups, plan.part_groups);
  // The products of one group can wait for more channels, and filters then stay in the second-level cache.
  plan.part_channels = plan.part_groups > 1
                           ? c.conv.in_channels
                           : std::min(kDepthBytes / c.kind.element_bytes, c.conv.in_channels);
  plan.shared_floats = c.layout(plan.chunk_tiles).input_floats();
  const std::size_t filled = round_up(plan.part_channels, c.kind.units.depth);
  const std::size_t panel_bytes = (filled * c.geometry.panel_width + kWinogradGap) * c.kind.element_bytes;
  plan.thread_floats =
      c.product_floats(plan.group_tiles) + c.kind.points * divide_up(panel_bytes, sizeof(float));
  return plan;
}

// No parts where filters are better not shared.
WinogradPlan plan_if_shared_filters(const Case& c) {
  // All filters stay in the shared cache, inputs of a group in the second-level one. Where that is large,
  // groups may outgrow it a little: each then reads the filters for more tiles.
  constexpr std::size_t kLarge = std::size_t{2} << 20;
  const std::size_t some_bytes = std::size_t{c.kind.points == kLargePoints ? 832U : 640U} << 10;
  const std::size_t input_bytes =
      c.caches.second_level >= kLarge ? c.caches.second_level * 3 / 2 : some_bytes;
  constexpr std::size_t kFilterBytes = std::size_t{20} << 20;
  constexpr std::size_t kPartsPerThread = 4;
  const WinogradLayout one = c.layout(c.kind.units.rows);
  const std::size_t most =
      std::min(input_bytes / (one.input_floats() * sizeof(float)) * c.kind.units.rows, kGroupTiles);
  const bool few = one.filter_floats(c.blocks()) * sizeof(float) <= kFilterBytes;
  const std::size_t thread_tiles = divide_up(c.tiles(), c.threads);
  if (!few || most == 0 || thread_tiles < kPartsPerThread * most) return {};
  // As many groups for each thread.
  const std::size_t groups = divide_up(thread_tiles, most);
  return plan_shared_filters(c, round_up(divide_up(thread_tiles, groups), c.kind.tile_step));
}

}  // namespace

WinogradKinds float_winograd_kinds(const TileGeometry& geometry) {
  constexpr std::size_t kStep = 4;  // float32 has good register tiles of fewer rows too
  const auto kind = [&](std::size_t out_tile, std::size_t points) {
    return WinogradKind{out_tile, points, sizeof(float), {geometry.tile_rows, 1, 1}, kStep};
  };
  return {kind(4, kSmallPoints), kind(6, kLargePoints), kind(8, kUpsampledPoints), true};
}

WinogradKinds bf16_winograd_kinds(const BlockUnits& units) {
  const auto kind = [&](std::size_t out_tile, std::size_t points) {
    return WinogradKind{out_tile, points, sizeof(Word), units, units.rows};
  };
  return {kind(4, kSmallPoints), {}, kind(8, kUpsampledPoints), false};
}

WinogradPlan plan_winograd(const WinogradConv& conv, std::size_t threads, const CacheSizes& caches,
                           const TileGeometry& geometry, const WinogradKinds& kinds) {
  if (kinds.has_large) {
    // Larger tiles stand over the picture's edges more often, and need larger caches.
    const std::size_t small_points = winograd_tile_count(conv, kinds.small.out_tile) * kinds.small.points;
    const std::size_t large_points = winograd_tile_count(conv, kinds.large.out_tile) * kinds.large.points;
    const auto large = plan_if_shared_filters({conv, threads, caches, geometry, kinds.large});
    if (large.second_parts > 0 && large_points < small_points - small_points / 8) return large;
  }
  // Filters of 100 points are worth their transform from some tiles on.
  constexpr std::size_t kFewTiles = 16;
  const bool by_phases = conv.upsample && winograd_tile_count(conv, kinds.upsampled.out_tile) >= kFewTiles;
  const Case c{conv, threads, caches, geometry, by_phases ? kinds.upsampled : kinds.small};
  const auto plan = plan_if_shared_filters(c);
  return plan.second_parts > 0 ? plan : plan_shared_inputs(c);
}

std::size_t winograd_tile_count(const WinogradConv& conv, std::size_t out_tile) {
  return conv.batch * divide_up(conv.out_height, out_tile) * divide_up(conv.out_width, out_tile);
}

std::size_t winograd_block_count(const WinogradConv& conv, const TileGeometry& geometry) {
  return divide_up(conv.out_channels, geometry.panel_width);
}

WinogradTiles winograd_chunk_of(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk) {
  const std::size_t tiles = winograd_tile_count(conv, plan.out_tile), first = chunk * plan.chunk_tiles;
  return {first, std::min(plan.chunk_tiles, tiles - first)};
}

WinogradTiles winograd_first_tiles(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                                   std::size_t part) {
  const WinogradTiles all = winograd_chunk_of(conv, plan, chunk);
  const std::size_t first = std::min(part * kWinogradTilesPerPart, all.count);
  return {all.first + first, std::min(kWinogradTilesPerPart, all.count - first)};
}

WinogradSecondPart winograd_second_part_of(const WinogradConv& conv, const WinogradPlan& plan,
                                           const TileGeometry& geometry, std::size_t chunk,
                                           std::size_t part) {
  const std::size_t blocks = winograd_block_count(conv, geometry);
  const WinogradTiles all = winograd_chunk_of(conv, plan, chunk);
  const bool of_all = plan.shared == WinogradPlan::Shared::filters;
  const std::size_t part_tiles = of_all ? plan.group_tiles : plan.part_groups * plan.group_tiles;
  // Neighbouring parts share their tiles.
  const std::size_t first = std::min((of_all ? part : part / blocks) * part_tiles, all.count);
  const WinogradTiles tiles{all.first + first, std::min(part_tiles, all.count - first)};
  if (of_all) return {tiles, 0, blocks};
  return {tiles, part % blocks, 1};
}

WinogradLayout::WinogradLayout(const WinogradKind& kind, const TileGeometry& geometry,
                               std::size_t in_channels, std::size_t tiles)
    : channels(round_up(in_channels, kind.units.depth)),
      tile_stride(channels + kWinogradGap),
      point_stride(round_up(tiles, kind.units.rows) * tile_stride + kWinogradGap),
      block_size(kind.points * (channels * geometry.panel_width + kWinogradGap)),
      points(kind.points),
      element_bytes(kind.element_bytes) {}

}  // namespace sdw::kernels::cpu
