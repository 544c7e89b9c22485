#pragma once

#include <cstddef>

namespace sdw::kernels::cpu {

// What the operands of attention's two products are rounded to. The softmax stays in float32.
enum class AttentionProducts {
  f32,
  // where the CPU multiplies bfloat16, else as f32
  bf16,
  // Queries and keys by the token, values by the channel, probabilities from 0 to 255 (as SageAttention,
  // Zhang et al. 2024, arXiv:2410.02367): where the CPU multiplies bytes and has no tiles of bfloat16, which
  // are faster; else as bf16
  int8
};

// softmax(q k^T / sqrt(head_dim)) v, one block of keys after the other with a running maximum and sum
// (Milakov and Gimelshein 2018, arXiv:1805.02867; FlashAttention, Dao et al. 2022, arXiv:2205.14135), so that
// no more than a block of scores is ever in memory.
struct Attention {
  const float* query = nullptr;  // [batch, queries, heads, head_dim]
  const float* key = nullptr;    // [batch, keys, heads, head_dim]
  const float* value = nullptr;  // [batch, keys, heads, head_dim]
  float* output = nullptr;       // [batch, queries, heads, head_dim]
  // From one query to the next, and from one key (and value) to the next: heads * head_dim, or more.
  std::size_t query_stride = 0, key_stride = 0;
  std::size_t batch = 0, heads = 0, queries = 0, keys = 0, head_dim = 0;
  bool causal = false;  // query i sees keys 0..i
  AttentionProducts products = AttentionProducts::f32;
};

// The work is cut into independent parts in two phases: first every part of packing the keys and values, then
// every part of attending. All threads share `shared_floats` of scratch memory on a cache-line boundary, each
// brings `thread_floats` of its own.
struct AttentionPlan {
  std::size_t pack_parts = 0;
  std::size_t parts = 0;
  std::size_t shared_floats = 0;
  std::size_t thread_floats = 0;
  std::size_t part_queries = 0;
  std::size_t packed_keys = 0, pack_keys = 0;  // of a head, filled up; of one part of packing
};

// Precondition: no dimension is 0.
AttentionPlan plan_attention(const Attention& attention, std::size_t threads);
void attention_pack_part(const Attention& attention, const AttentionPlan& plan, std::size_t part,
                         float* shared);
void attention_part(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared,
                    float* scratch);

}  // namespace sdw::kernels::cpu
