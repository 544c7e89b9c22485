#pragma once

#include <algorithm>
#include <cstddef>

#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/panel_block.h"
#include "kernels/cpu/tile_geometry.h"
#include "kernels/cpu/winograd.h"

namespace sdw::kernels::cpu {

// Elements between the points: without it all of them would fall into one set of the first-level cache.
inline constexpr std::size_t kWinogradGap = 16;
inline constexpr std::size_t kWinogradTilesPerPart = 8;  // of phase one where inputs are shared

// What a plan knows of a kind of tile and of the arithmetic that multiplies it.
struct WinogradKind {
  std::size_t out_tile = 0, points = 0;
  std::size_t element_bytes = 0;  // of what is multiplied: float32, or bfloat16
  BlockUnits units{};             // what rows and depth of a product are filled up to
  std::size_t tile_step = 0;      // what tiles are best multiplied a multiple of
};

// All of one instruction set: F(4x4, 3x3), F(6x6, 3x3), which only float32 is precise enough for, and the one
// of upsampled pictures.
struct WinogradKinds {
  WinogradKind small, large, upsampled;
  bool has_large = false;
};
WinogradKinds float_winograd_kinds(const TileGeometry& geometry);
WinogradKinds bf16_winograd_kinds(const BlockUnits& units);

// Pure: of the operands only the sizes count.
WinogradPlan plan_winograd(const WinogradConv& conv, std::size_t threads, const CacheSizes& caches,
                           const TileGeometry& geometry, const WinogradKinds& kinds);

struct WinogradTiles {
  std::size_t first = 0, count = 0;  // of all tiles
};

std::size_t winograd_tile_count(const WinogradConv& conv, std::size_t out_tile);
std::size_t winograd_block_count(const WinogradConv& conv, const TileGeometry& geometry);
WinogradTiles winograd_chunk_of(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk);
// The tiles that a part of phase one transforms, where inputs are shared; none in the last, smaller chunk's
// last parts.
WinogradTiles winograd_first_tiles(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                                   std::size_t part);

// Tiles of a part of phase two, and its block of output channels where inputs are shared, else all. Parts
// that the last, smaller chunk does not need have no tiles.
struct WinogradSecondPart {
  WinogradTiles tiles;
  std::size_t first_block = 0, blocks = 0;
};
WinogradSecondPart winograd_second_part_of(const WinogradConv& conv, const WinogradPlan& plan,
                                           const TileGeometry& geometry, std::size_t chunk, std::size_t part);

// Transformed inputs lie as [point][tile][channels], transformed filters of a block of output channels as
// [point][channels][panel width]. In elements.
struct WinogradLayout {
  std::size_t channels, tile_stride, point_stride, block_size, points, element_bytes;
  WinogradLayout(const WinogradKind& kind, const TileGeometry& geometry, std::size_t in_channels,
                 std::size_t tiles);
  std::size_t input_floats() const { return floats_for(points * point_stride); }
  std::size_t filter_floats(std::size_t blocks) const { return floats_for(blocks * block_size); }

 private:
  std::size_t floats_for(std::size_t elements) const {
    return (elements * element_bytes + sizeof(float) - 1) / sizeof(float);
  }
};

}  // namespace sdw::kernels::cpu
