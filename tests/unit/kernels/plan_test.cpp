// Every plan over every layer of every family, on machines of all kinds: each output element belongs to
// exactly one part, no part is empty or begins outside, and scratch fits what a part uses.
#include <array>
#include <gtest/gtest.h>
#include <set>

#include "kernels/cpu/attention_plan.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panel_conv.h"
#include "kernels/cpu/panel_gemm.h"
#include "kernels/cpu/pointwise.h"
#include "kernels/cpu/winograd_plan.h"
#include "support/round_up.h"
#include "unit/kernels/layer_shapes.h"

namespace sdw::kernels::cpu {
namespace {

constexpr std::size_t kKiB = 1024, kMiB = 1024 * kKiB;
// Those of real processors, and what a system may report without knowing.
constexpr std::array kSecondLevel{std::size_t{0}, 1 * kKiB,    128 * kKiB, 256 * kKiB, 512 * kKiB,
                                  1 * kMiB,       1280 * kKiB, 2 * kMiB,   4 * kMiB};
constexpr std::array kShared{std::size_t{0}, 8 * kMiB, 32 * kMiB, 256 * kMiB};
constexpr std::array<std::size_t, 7> kThreads{1, 2, 3, 7, 16, 64, 256};
constexpr std::array<std::size_t, 3> kLanes{4, 8, 16};  // SSE4 and NEON, AVX2, AVX-512
constexpr std::array<std::size_t, 3> kBatches{1, 2, 8};
// AMX, then AVX512-BF16 and AVX512-VNNI (block_units).
constexpr std::array kUnits{BlockUnits{32, 32, 32}, BlockUnits{8, 2, 16}};

const LayerShapes& layers() {
  static const LayerShapes all = [] {
    LayerShapes out;
    for (const FamilyShape& family : families()) {
      for (const std::size_t batch : kBatches) {
        for (const auto& [height, width] :
             std::initializer_list<std::pair<std::size_t, std::size_t>>{{64, 64},
                                                                        {128, 128},
                                                                        {200, 136},
                                                                        {256, 256},
                                                                        {512, 512},
                                                                        {512, 768},
                                                                        {832, 1216},
                                                                        {1024, 1024},
                                                                        {2048, 2048}}) {
          add_layers(family, batch, height, width, out);
        }
      }
    }
    return out;
  }();
  return all;
}

// Some range of a length, as parts have them: begins inside, not empty, ends inside.
bool is_inside(std::size_t first, std::size_t count, std::size_t all) {
  return first < all && count > 0 && count <= all - first;
}

// Parts that follow each other row band after row band: a walk over all of them that meets every cell once.
template <class PartOf>
testing::AssertionResult cover(std::size_t parts, std::size_t rows, std::size_t panels,
                               const PartOf& part_of) {
  std::size_t row = 0, panel = 0, band = 0;
  for (std::size_t i = 0; i < parts; ++i) {
    const GemmPart part = part_of(i);
    if (!is_inside(part.first_row, part.rows, rows) || !is_inside(part.first_panel, part.panels, panels)) {
      return testing::AssertionFailure()
             << "part " << i << " of " << parts << ": rows " << part.first_row << " + " << part.rows << " of "
             << rows << ", panels " << part.first_panel << " + " << part.panels << " of " << panels;
    }
    if (panel == 0) band = part.rows;
    if (part.first_row != row || part.first_panel != panel || part.rows != band) {
      return testing::AssertionFailure()
             << "part " << i << " of " << parts << " begins at row " << part.first_row << ", panel "
             << part.first_panel << ", not " << row << ", " << panel;
    }
    panel += part.panels;
    if (panel == panels) panel = 0, row += band;
  }
  if (row == rows && panel == 0) return testing::AssertionSuccess();
  return testing::AssertionFailure() << parts << " parts end at row " << row << " of " << rows << ", panel "
                                     << panel << " of " << panels;
}

// A walk is needed once for plans that are cut alike.
class Cuts {
 public:
  bool are_new(const GemmPlan& plan, std::size_t rows) {
    return seen_.insert({rows, plan.panels, plan.block_rows, plan.block_panels, plan.parts}).second;
  }

 private:
  std::set<std::array<std::size_t, 5>> seen_;
};

TEST(Plans, GemmCoversEachRowAndPanelOnce) {
  Cuts cuts;
  std::size_t checked = 0;
  for (const auto& [rows, depth, columns, geglu] : layers().products) {
    const Gemm gemm{.rows = rows, .depth = depth, .columns = columns, .geglu = geglu};
    for (const std::size_t lanes : kLanes) {
      const TileGeometry geometry = tile_geometry_of(lanes);
      for (const std::size_t second_level : kSecondLevel) {
        for (const std::size_t threads : kThreads) {
          const GemmPlan plan = plan_gemm(gemm, threads, {second_level, 0}, geometry);
          const std::size_t halves = geglu ? 2 : 1;
          ASSERT_EQ(plan.panels, round_up(columns / halves, geometry.panel_width) / geometry.panel_width);
          ASSERT_GE(plan.thread_floats,
                    (kGemmPiece + halves * plan.block_rows * plan.block_panels) * geometry.panel_width);
          ++checked;
          if (!cuts.are_new(plan, rows)) continue;
          ASSERT_TRUE(
              cover(plan.parts, rows, plan.panels, [&](std::size_t i) { return part_of(plan, i, rows); }))
              << rows << " rows, depth " << depth << ", " << columns << " columns, " << lanes << " lanes, "
              << threads << " threads, " << second_level / kKiB << " KiB";
        }
      }
    }
  }
  RecordProperty("plans", static_cast<int>(checked));
}

TEST(Plans, PanelGemmCoversEachRowAndPanelOnce) {
  Cuts cuts;
  for (const auto& [rows, depth, columns, geglu] : layers().products) {
    for (const auto type : {PanelType::bf16, PanelType::int8}) {
      const PanelGemm gemm{.type = type, .rows = rows, .depth = depth, .columns = columns, .geglu = geglu};
      for (const std::size_t threads : kThreads) {
        const GemmPlan plan = plan_panel_gemm(gemm, threads);
        const std::size_t padded = round_up(std::min(plan.block_rows, rows), kBlockRows);
        const std::size_t sums = (geglu ? 2 : 1) * kPanelColumns;
        ASSERT_GE(plan.thread_floats * sizeof(float),
                  padded * ((sums + 2) * sizeof(float) + depth_words(type, depth) * sizeof(Word)));
        if (!cuts.are_new(plan, rows)) continue;
        ASSERT_TRUE(
            cover(plan.parts, rows, plan.panels, [&](std::size_t i) { return part_of(plan, i, rows); }))
            << rows << " rows, depth " << depth << ", " << columns << " columns, " << threads << " threads";
      }
    }
  }
}

PanelConv panel_conv_of(PanelType type, const ConvShape& shape) {
  const std::size_t scale = shape.upsample ? 2 : 1;
  return {.type = type,
          .batch = shape.batch,
          .in_height = shape.height,
          .in_width = shape.width,
          .in_channels = shape.in_channels,
          .out_height = (shape.height * scale + shape.stride - 1) / shape.stride,
          .out_width = (shape.width * scale + shape.stride - 1) / shape.stride,
          .out_channels = shape.out_channels,
          .upsample = shape.upsample,
          .stride = shape.stride};
}

TEST(Plans, PanelConvCoversEachRowOfEachImageOnce) {
  for (const ConvShape& shape : layers().convs) {
    for (const auto type : {PanelType::bf16, PanelType::int8}) {
      const PanelConv conv = panel_conv_of(type, shape);
      const PanelConvPlan plan = plan_panel_conv(conv);
      const std::size_t panels = round_up(shape.out_channels, kPanelColumns) / kPanelColumns;
      ASSERT_TRUE(cover(plan.parts, shape.batch * conv.out_height, panels,
                        [&](std::size_t i) {
                          const PanelConvPart part = part_of(conv, plan, i);
                          EXPECT_TRUE(is_inside(part.first_row, part.rows, conv.out_height));
                          return GemmPart{part.image * conv.out_height + part.first_row, part.rows,
                                          part.first_panel, part.panels};
                        }))
          << shape.batch << " of " << shape.height << " x " << shape.width << ", " << shape.in_channels
          << " to " << shape.out_channels;
    }
  }
}

testing::AssertionResult winograd_covers(const WinogradConv& conv, const WinogradPlan& plan,
                                         const TileGeometry& geometry) {
  const std::size_t all = winograd_tile_count(conv, plan.out_tile);
  const std::size_t blocks = winograd_block_count(conv, geometry);
  std::size_t next_chunk = 0;
  for (std::size_t chunk = 0; chunk < plan.chunks; ++chunk) {
    const WinogradTiles tiles = winograd_chunk_of(conv, plan, chunk);
    if (tiles.first != next_chunk || !is_inside(tiles.first, tiles.count, all)) {
      return testing::AssertionFailure() << "chunk " << chunk << " of " << plan.chunks << " begins at tile "
                                         << tiles.first << " of " << all;
    }
    next_chunk = tiles.first + tiles.count;
    const bool full = tiles.count == plan.chunk_tiles;
    std::size_t next = tiles.first;
    for (std::size_t part = 0; plan.shared == WinogradPlan::Shared::inputs && part < plan.first_parts;
         ++part) {
      const WinogradTiles some = winograd_first_tiles(conv, plan, chunk, part);
      if (some.first != next || (full && some.count == 0)) return testing::AssertionFailure() << "phase one";
      next += some.count;
    }
    if (plan.shared == WinogradPlan::Shared::inputs && next != next_chunk) {
      return testing::AssertionFailure() << "phase one ends at tile " << next << " of " << next_chunk;
    }
    std::size_t block = 0;
    next = tiles.first;
    for (std::size_t part = 0; part < plan.second_parts; ++part) {
      const WinogradSecondPart of = winograd_second_part_of(conv, plan, geometry, chunk, part);
      if (of.tiles.first != next || of.first_block != block || (full && of.tiles.count == 0)) {
        return testing::AssertionFailure()
               << "part " << part << " of " << plan.second_parts << ": " << of.tiles.count << " tiles from "
               << of.tiles.first << ", expected from " << next << ", block " << of.first_block;
      }
      block += of.blocks;
      if (block == blocks) block = 0, next += of.tiles.count;
    }
    if (next != next_chunk || block != 0) {
      return testing::AssertionFailure() << "parts end at tile " << next << " of " << next_chunk;
    }
  }
  if (next_chunk == all) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "chunks end at tile " << next_chunk << " of " << all;
}

std::size_t floats_of(std::size_t elements, std::size_t bytes) {
  return (elements * bytes + sizeof(float) - 1) / sizeof(float);
}

testing::AssertionResult winograd_scratch_fits(const WinogradConv& conv, const WinogradPlan& plan,
                                               const TileGeometry& geometry, const WinogradKind& kind) {
  const bool filters = plan.shared == WinogradPlan::Shared::filters;
  const WinogradLayout layout(kind, geometry, conv.in_channels,
                              filters ? plan.group_tiles : plan.chunk_tiles);
  const std::size_t blocks = winograd_block_count(conv, geometry);
  const std::size_t products = kind.points * (plan.group_tiles * geometry.panel_width + kWinogradGap);
  const std::size_t depth = round_up(plan.part_channels, kind.units.depth);
  const std::size_t panels =
      floats_of(kind.points * (depth * geometry.panel_width + kWinogradGap), kind.element_bytes);
  const bool whole_units = plan.group_tiles % kind.tile_step == 0;
  if (whole_units && plan.shared_floats >= (filters ? layout.filter_floats(blocks) : layout.input_floats()) &&
      plan.thread_floats >= products + (filters ? layout.input_floats() : panels)) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << plan.shared_floats << " shared floats, " << plan.thread_floats
                                     << " of a thread, groups of " << plan.group_tiles;
}

TEST(Plans, WinogradCoversEachTileAndBlockOnce) {
  std::set<std::array<std::size_t, 8>> seen;
  for (const ConvShape& shape : layers().convs) {
    if (shape.stride != 1) continue;
    const std::size_t scale = shape.upsample ? 2 : 1;
    const WinogradConv conv{.batch = shape.batch,
                            .in_height = shape.height,
                            .in_width = shape.width,
                            .in_channels = shape.in_channels,
                            .out_height = scale * shape.height,
                            .out_width = scale * shape.width,
                            .out_channels = shape.out_channels,
                            .upsample = shape.upsample};
    const auto check = [&](const TileGeometry& geometry, const WinogradKinds& kinds) {
      for (const std::size_t second_level : kSecondLevel) {
        for (const std::size_t shared : kShared) {
          for (const std::size_t threads : kThreads) {
            const WinogradPlan plan = plan_winograd(conv, threads, {second_level, shared}, geometry, kinds);
            const WinogradKind& kind = plan.out_tile == 4   ? kinds.small
                                       : plan.out_tile == 6 ? kinds.large
                                                            : kinds.upsampled;
            const auto where = [&] {
              return testing::Message() << shape.batch << " of " << shape.height << " x " << shape.width
                                        << ", " << shape.in_channels << " to " << shape.out_channels << ", "
                                        << geometry.lanes << " lanes, " << threads << " threads, "
                                        << second_level / kKiB << " KiB, " << shared / kMiB << " MiB";
            };
            ASSERT_TRUE(winograd_scratch_fits(conv, plan, geometry, kind)) << where();
            const std::array cut{winograd_tile_count(conv, plan.out_tile),
                                 plan.chunks,
                                 plan.chunk_tiles,
                                 plan.group_tiles,
                                 plan.part_groups,
                                 plan.first_parts,
                                 plan.second_parts,
                                 winograd_block_count(conv, geometry)};
            if (!seen.insert(cut).second) continue;
            ASSERT_TRUE(winograd_covers(conv, plan, geometry)) << where();
          }
        }
      }
    };
    for (const std::size_t lanes : kLanes)
      check(tile_geometry_of(lanes), float_winograd_kinds(tile_geometry_of(lanes)));
    for (const BlockUnits& units : kUnits) check(tile_geometry_of(16), bf16_winograd_kinds(units));
  }
}

// Of every head, `count_of(part)` items in `size` pieces.
template <class PartOf>
testing::AssertionResult heads_are_covered(std::size_t parts, std::size_t heads, std::size_t all,
                                           const PartOf& part_of) {
  return cover(parts, heads * all, 1, [&](std::size_t i) {
    const AttentionPart part = part_of(i);
    const bool inside = part.head < heads && is_inside(part.first, part.count, all);
    return inside ? GemmPart{part.head * all + part.first, part.count, 0, 1} : GemmPart{heads * all, 0, 0, 1};
  });
}

TEST(Plans, AttentionCoversEachQueryAndKeyOfEachHeadOnce) {
  for (const auto& [batch, queries, keys, heads, head_dim, causal] : layers().attentions) {
    const Attention attention{.batch = batch,
                              .heads = heads,
                              .queries = queries,
                              .keys = keys,
                              .head_dim = head_dim,
                              .causal = causal};
    std::vector<AttentionBlocks> kernels;
    for (const std::size_t lanes : kLanes) {
      kernels.push_back(LaneAttentionSizes(attention, tile_geometry_of(lanes), {1, 64, false}).blocks());
    }
    kernels.push_back(LaneAttentionSizes(attention, tile_geometry_of(16), {2, 128, false}).blocks());
    kernels.push_back(LaneAttentionSizes(attention, tile_geometry_of(16), {4, 128, true}).blocks());
    kernels.push_back(TileAttentionSizes(attention, kUnits[0]).blocks());
    for (const AttentionBlocks& blocks : kernels) {
      ASSERT_GE(blocks.keys, keys);
      for (const std::size_t threads : kThreads) {
        const AttentionPlan plan = plan_attention(attention, threads, blocks);
        ASSERT_EQ(plan.shared_floats, batch * heads * blocks.head_floats);
        ASSERT_EQ(plan.part_queries % blocks.queries, 0U);
        ASSERT_TRUE(heads_are_covered(plan.parts, batch * heads, queries,
                                      [&](std::size_t i) { return part_of(attention, plan, i); }))
            << queries << " queries, " << heads << " heads, " << threads << " threads";
        ASSERT_TRUE(heads_are_covered(plan.pack_parts, batch * heads, blocks.keys,
                                      [&](std::size_t i) { return pack_part_of(attention, plan, i); }))
            << keys << " keys, " << heads << " heads, " << threads << " threads";
      }
    }
  }
}

TEST(Plans, GroupNormCoversEachPixelOnce) {
  for (const auto& [batch, pixels, channels] : layers().norms) {
    const GroupNorm norm{.batch = batch, .pixels = pixels, .channels = channels, .groups = 8};
    const GroupNormPlan plan = plan_group_norm(norm);
    ASSERT_GE(plan.scratch_floats, (plan.parts + batch) * 2 * channels);
    ASSERT_TRUE(cover(plan.parts, batch * norm.pixels, 1,
                      [&](std::size_t i) {
                        const GroupNormPart part = part_of(norm, plan, i);
                        EXPECT_TRUE(is_inside(part.first, part.count, norm.pixels));
                        return GemmPart{part.image * norm.pixels + part.first, part.count, 0, 1};
                      }))
        << batch << " of " << pixels << " pixels, " << channels << " channels";
  }
}

}  // namespace
}  // namespace sdw::kernels::cpu
