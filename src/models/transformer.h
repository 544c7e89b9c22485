#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/passes.h"
#include "models/weights.h"
#include "ops/linear.h"
#include "ops/norm.h"

namespace sdw::models {

// Attention of diffusers: no bias on q, k, v; to_out is `to_out.0` of the file.
struct Attention {
  ops::LinearWeight to_qkv;            // self-attention: all three in one product
  ops::LinearWeight to_q, to_k, to_v;  // cross-attention
  ops::LinearWeight to_out;
};

// Feed-forward with GEGLU: `ff.net.0.proj` and `ff.net.2`.
struct FeedForward {
  ops::LinearWeight proj, out;
};

struct BasicTransformerBlock {
  ops::NormWeight norm1;
  Attention attn1;  // self-attention, or cross-attention where only_cross_attention
  ops::NormWeight norm2;
  Attention attn2;  // cross-attention
  ops::NormWeight norm3;
  FeedForward ff;
};

// Transformer2DModel of diffusers. proj_in and proj_out are 1x1 convolutions or linear layers in the file:
// the same arithmetic over channels-last tokens.
struct Transformer2D {
  ops::NormWeight norm;
  ops::LinearWeight proj_in;
  std::vector<BasicTransformerBlock> transformer_blocks;
  ops::LinearWeight proj_out;
  int heads = 1;
  ops::Precision precision = ops::Precision::exact;
  bool only_cross_attention = false;
};

struct TransformerShape {
  std::int64_t channels = 0;
  std::int64_t heads = 1;
  std::int64_t layers = 1;
  std::int64_t cross_attention_dim = 0;
  std::int64_t groups = 32;
  bool only_cross_attention = false;
};

// What one cross-attention reads: keys and values, [B, T, heads * d], which depend on the prompt alone, or
// instead what it gave in another evaluation, [B, H * W, C].
struct CrossAttentionKv {
  at::Tensor key, value;
  at::Tensor output;

  std::int64_t batch() const { return (output.defined() ? output : key).size(0); }
};

// Self-attention over fewer tokens (ops/token_merging.h).
struct TokenMerging {
  double ratio = 0;                  // of the tokens that are put together with others
  std::vector<std::uint64_t> seeds;  // of each picture; any where the ratio is 0
};

// What the attentions of one evaluation read and leave.
struct Attentions {
  PassPictures pictures;
  std::span<const CrossAttentionKv> next_cross;      // of those to come, in the order of execution
  std::vector<at::Tensor>* cross_outputs = nullptr;  // where not null: what each gives is appended
  const TokenMerging* merging = nullptr;             // null: none
  std::int64_t most_tokens = 0;                      // of the first transformer
  std::uint64_t merged = 0;                          // self-attentions so far that merged
};

Transformer2D load_transformer(WeightMap& weights, const std::string& prefix, const TransformerShape& shape,
                               const ops::Placement& where);

// Appends the keys and values of every cross-attention, in the order `transformer_forward` reads them.
void append_cross_attention(const Transformer2D& transformer, const at::Tensor& encoder_hidden_states,
                            std::vector<CrossAttentionKv>& out);

// `input` [B or P, C, H, W] channels-last, of the passes or of their pictures -> [B, C, H, W]. Moves
// `attentions` past those of its own.
at::Tensor transformer_forward(const Transformer2D& transformer, const at::Tensor& input,
                               Attentions& attentions);

}  // namespace sdw::models
