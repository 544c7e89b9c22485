#include "kernels/cpu/attention_plan.h"

#include <algorithm>

namespace sdw::kernels::cpu {
namespace {

AttentionPart some_of(std::size_t heads, std::size_t parts, std::size_t part, std::size_t size,
                      std::size_t all) {
  const std::size_t head_parts = parts / heads, first = part % head_parts * size;
  return {part / head_parts, first, std::min(size, all - first)};
}

}  // namespace

AttentionPlan plan_attention(const Attention& attention, std::size_t threads, const AttentionBlocks& blocks) {
  constexpr std::size_t kPartsPerThread = 4, kPackKeys = 1024;
  const std::size_t heads = attention.batch * attention.heads;
  const std::size_t pieces = std::max<std::size_t>(threads * kPartsPerThread / heads, 1);
  AttentionPlan plan;
  plan.packed_keys = blocks.keys;
  plan.pack_keys = blocks.packs_at_once ? blocks.keys : std::min(blocks.keys, kPackKeys);
  plan.pack_parts = heads * ((blocks.keys + plan.pack_keys - 1) / plan.pack_keys);
  plan.part_queries = round_up((attention.queries + pieces - 1) / pieces, blocks.queries);
  plan.parts = heads * ((attention.queries + plan.part_queries - 1) / plan.part_queries);
  plan.shared_floats = heads * blocks.head_floats;
  plan.thread_floats = blocks.thread_floats;
  return plan;
}

AttentionPart pack_part_of(const Attention& attention, const AttentionPlan& plan, std::size_t part) {
  return some_of(attention.batch * attention.heads, plan.pack_parts, part, plan.pack_keys, plan.packed_keys);
}

AttentionPart part_of(const Attention& attention, const AttentionPlan& plan, std::size_t part) {
  return some_of(attention.batch * attention.heads, plan.parts, part, plan.part_queries, attention.queries);
}

}  // namespace sdw::kernels::cpu
