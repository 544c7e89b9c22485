#pragma once

#include <cstddef>

#include "kernels/cpu/attention.h"
#include "kernels/cpu/panel_block.h"
#include "kernels/cpu/tile_geometry.h"
#include "support/round_up.h"

namespace sdw::kernels::cpu {

inline constexpr std::size_t kAttentionTileKeys = 4;  // keys (or channels) of a register tile

// What a plan knows of the kernel that will run it.
struct AttentionBlocks {
  std::size_t queries = 0;                         // of a block
  std::size_t keys = 0;                            // of a head, filled up
  std::size_t head_floats = 0, thread_floats = 0;  // shared by all threads; of each thread
  bool packs_at_once = false;                      // a head's keys and values all in one part
};

// How operands of attention in lanes lie in words.
struct LaneProducts {
  std::size_t group;      // values of a word
  std::size_t key_block;  // keys whose scores are in memory at once
  bool bytes;
};

// Attention with a query in each lane: sizes in words, rows filled up.
struct LaneAttentionSizes {
  std::size_t keys, depth, width;  // filled up: keys, words of a query or key, columns of values
  std::size_t key, value, key_ends, value_ends;
  std::size_t block_queries, query, scores, output;
  bool packs_at_once;

  LaneAttentionSizes(const Attention& attention, const TileGeometry& geometry, const LaneProducts& products)
      : keys(round_up(attention.keys, kAttentionTileKeys)),
        depth((attention.head_dim + products.group - 1) / products.group),
        width(round_up(attention.head_dim, kAttentionTileKeys)),
        key(round_up(keys * depth, geometry.lanes)),
        value(round_up(keys / products.group * width, geometry.lanes)),
        key_ends(products.bytes ? round_up(keys, geometry.lanes) : 0),
        value_ends(products.bytes ? round_up(width, geometry.lanes) : 0),
        block_queries(geometry.query_vectors * geometry.lanes),
        query(depth * block_queries),
        scores(products.key_block * block_queries),
        output(width * block_queries),
        packs_at_once(products.bytes) {}
  std::size_t head() const { return key + value + 2 * key_ends + 2 * value_ends; }
  std::size_t thread() const { return query + scores + output + 5 * block_queries; }
  AttentionBlocks blocks() const { return {block_queries, keys, head(), thread(), packs_at_once}; }
};

// Attention by blocks that panels multiply: sizes in floats, rows filled up to whole tiles.
struct TileAttentionSizes {
  static constexpr std::size_t kBlockQueries = 96;  // a multiple of every tile's rows
  static constexpr std::size_t kKeyBlock = 256;     // a multiple of every panel's columns
  std::size_t keys, depth, width;                   // keys, head_dim as a depth, head_dim as columns
  std::size_t key, value, query, probabilities, scores, output;

  TileAttentionSizes(const Attention& attention, const BlockUnits& units)
      : keys(round_up(attention.keys, kPanelColumns)),
        depth(round_up(attention.head_dim, units.depth)),
        width(round_up(attention.head_dim, units.columns)),
        key(keys * depth / 2),
        value(keys * round_up(width, kPanelColumns) / 2),
        query(kBlockQueries * depth / 2),
        probabilities(kBlockQueries * kKeyBlock / 2),
        scores(kBlockQueries * kKeyBlock),
        output(kBlockQueries * width) {}
  std::size_t head() const { return key + value; }
  std::size_t thread() const { return query + probabilities + scores + output + 2 * kBlockQueries; }
  AttentionBlocks blocks() const { return {kBlockQueries, keys, head(), thread(), false}; }
};

AttentionPlan plan_attention(const Attention& attention, std::size_t threads, const AttentionBlocks& blocks);

// Some keys or queries of one head, heads in the order of images.
struct AttentionPart {
  std::size_t head, first, count;
};

// Preconditions: part < plan.pack_parts; part < plan.parts. Keys are counted as filled up.
AttentionPart pack_part_of(const Attention& attention, const AttentionPlan& plan, std::size_t part);
AttentionPart part_of(const Attention& attention, const AttentionPlan& plan, std::size_t part);

}  // namespace sdw::kernels::cpu
