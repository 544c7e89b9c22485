#include "models/transformer.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <stdexcept>

#include "models/layers.h"
#include "models/tokens.h"
#include "ops/add.h"
#include "ops/attention.h"
#include "ops/token_merging.h"

namespace sdw::models {
namespace {

constexpr double kGroupNormEps = 1e-6;  // fixed in Transformer2DModel, whatever norm_eps says
constexpr double kLayerNormEps = 1e-5;

Attention load_self_attention(WeightMap& weights, const std::string& prefix, std::int64_t width,
                              const ops::Placement& where) {
  const std::array<std::string, 3> qkv{prefix + ".to_q", prefix + ".to_k", prefix + ".to_v"};
  Attention attn;
  attn.to_qkv = load_linears(weights, qkv, width, width, where);
  attn.to_out = load_linear(weights, prefix + ".to_out.0", width, width, Bias::present, where);
  return attn;
}

Attention load_cross_attention(WeightMap& weights, const std::string& prefix, std::int64_t width,
                               std::int64_t kv_width, const ops::Placement& where) {
  Attention attn;
  attn.to_q = load_linear(weights, prefix + ".to_q", width, width, Bias::none, where);
  attn.to_k = load_linear(weights, prefix + ".to_k", kv_width, width, Bias::none, where);
  attn.to_v = load_linear(weights, prefix + ".to_v", kv_width, width, Bias::none, where);
  attn.to_out = load_linear(weights, prefix + ".to_out.0", width, width, Bias::present, where);
  return attn;
}

BasicTransformerBlock load_block(WeightMap& weights, const std::string& prefix, std::int64_t width,
                                 const TransformerShape& shape, const ops::Placement& where) {
  const auto norm = [&](const char* name) {
    return load_norm(weights, prefix + name, width, kLayerNormEps, 0, where);
  };
  BasicTransformerBlock block;
  block.norm1 = norm(".norm1");
  block.attn1 = shape.only_cross_attention ? load_cross_attention(weights, prefix + ".attn1", width,
                                                                  shape.cross_attention_dim, where)
                                           : load_self_attention(weights, prefix + ".attn1", width, where);
  block.norm2 = norm(".norm2");
  block.attn2 = load_cross_attention(weights, prefix + ".attn2", width, shape.cross_attention_dim, where);
  block.norm3 = norm(".norm3");
  block.ff.proj = load_linear(weights, prefix + ".ff.net.0.proj", width, 8 * width, Bias::present, where);
  block.ff.out = load_linear(weights, prefix + ".ff.net.2", 4 * width, width, Bias::present, where);
  return block;
}

CrossAttentionKv key_value(const Attention& attn, const at::Tensor& states) {
  return {ops::linear(states, attn.to_k), ops::linear(states, attn.to_v), {}};
}

at::Tensor self_attention(const Transformer2D& transformer, const Attention& attn, const at::Tensor& normed) {
  const std::vector<at::Tensor> qkv = ops::linear(normed, attn.to_qkv).chunk(3, -1);
  return ops::attention(qkv[0], qkv[1], qkv[2], transformer.heads, transformer.precision);
}

// A seed for each row of `tokens`, another one in every layer.
std::vector<std::uint64_t> merging_seeds(const at::Tensor& tokens, Attentions& attentions) {
  const std::vector<std::uint64_t>& of_pictures = attentions.merging->seeds;
  const std::uint64_t layer = attentions.merged++;
  const bool rows_are_passes = tokens.size(0) == static_cast<std::int64_t>(attentions.pictures.size());
  std::vector<std::uint64_t> seeds;
  for (std::int64_t row = 0; row < tokens.size(0); ++row) {
    const std::int64_t picture = rows_are_passes ? attentions.pictures[static_cast<std::size_t>(row)] : row;
    seeds.push_back(of_pictures.at(static_cast<std::size_t>(picture)) + (layer << 32U));
  }
  return seeds;
}

// Tokens of a picture of `height` after a layer norm and a self-attention.
at::Tensor add_self_attention(const Transformer2D& transformer, const ops::NormWeight& norm,
                              const Attention& attn, const at::Tensor& tokens, std::int64_t height,
                              Attentions& attentions) {
  const at::Tensor normed = ops::layer_norm(tokens, norm);
  if (attentions.merging == nullptr || tokens.size(1) < attentions.most_tokens) {
    return ops::linear_add(self_attention(transformer, attn, normed), attn.to_out, tokens);
  }
  const ops::TokenGroups groups = ops::group_tokens(
      tokens, height, tokens.size(1) / height, attentions.merging->ratio, merging_seeds(tokens, attentions));
  const at::Tensor out = self_attention(transformer, attn, ops::merge_tokens(normed, groups));
  return ops::unmerge_add(ops::linear(out, attn.to_out), groups, tokens);
}

// The same with a cross-attention.
at::Tensor add_cross_attention(const Transformer2D& transformer, const ops::NormWeight& norm,
                               const Attention& attn, const at::Tensor& tokens, Attentions& attentions) {
  if (attentions.next_cross.empty()) {
    throw std::invalid_argument("unet_forward: the context is of another model");
  }
  const CrossAttentionKv& kv = attentions.next_cross.front();
  attentions.next_cross = attentions.next_cross.subspan(1);
  if (kv.output.defined()) return ops::add(tokens, kv.output);
  const at::Tensor query = ops::linear(ops::layer_norm(tokens, norm), attn.to_q);
  // Most of the weight lies on the first token: 8 bits would lose what the words weigh.
  const at::Tensor out = ops::attention(query, kv.key, kv.value, transformer.heads,
                                        ops::at_least_16_bits(transformer.precision));
  if (attentions.cross_outputs == nullptr) return ops::linear_add(out, attn.to_out, tokens);
  attentions.cross_outputs->push_back(ops::linear(out, attn.to_out));
  return ops::add(tokens, attentions.cross_outputs->back());
}

at::Tensor block_forward(const BasicTransformerBlock& block, const Transformer2D& transformer,
                         at::Tensor tokens, std::int64_t height, Attentions& attentions) {
  if (transformer.only_cross_attention) {
    tokens = of_passes(tokens, attentions.pictures);
    tokens = add_cross_attention(transformer, block.norm1, block.attn1, tokens, attentions);
  } else {
    tokens = add_self_attention(transformer, block.norm1, block.attn1, tokens, height, attentions);
    tokens = of_passes(tokens, attentions.pictures);
  }
  tokens = add_cross_attention(transformer, block.norm2, block.attn2, tokens, attentions);
  const at::Tensor normed = ops::layer_norm(tokens, block.norm3);
  return ops::linear_add(ops::geglu(normed, block.ff.proj), block.ff.out, tokens);
}

}  // namespace

Transformer2D load_transformer(WeightMap& weights, const std::string& prefix, const TransformerShape& shape,
                               const ops::Placement& where) {
  const std::int64_t width = shape.channels / shape.heads * shape.heads;
  Transformer2D out;
  out.heads = static_cast<int>(shape.heads);
  out.precision = where.precision;
  out.only_cross_attention = shape.only_cross_attention;
  out.norm = load_norm(weights, prefix + ".norm", shape.channels, kGroupNormEps, shape.groups, where);
  out.proj_in = load_linear(weights, prefix + ".proj_in", shape.channels, width, Bias::present, where);
  for (std::int64_t i = 0; i < shape.layers; ++i) {
    out.transformer_blocks.push_back(
        load_block(weights, fmt::format("{}.transformer_blocks.{}", prefix, i), width, shape, where));
  }
  out.proj_out = load_linear(weights, prefix + ".proj_out", width, shape.channels, Bias::present, where);
  return out;
}

void append_cross_attention(const Transformer2D& transformer, const at::Tensor& encoder_hidden_states,
                            std::vector<CrossAttentionKv>& out) {
  for (const BasicTransformerBlock& block : transformer.transformer_blocks) {
    if (transformer.only_cross_attention) out.push_back(key_value(block.attn1, encoder_hidden_states));
    out.push_back(key_value(block.attn2, encoder_hidden_states));
  }
}

at::Tensor transformer_forward(const Transformer2D& transformer, const at::Tensor& input,
                               Attentions& attentions) {
  at::Tensor tokens = ops::linear(to_tokens(ops::group_norm(input, transformer.norm)), transformer.proj_in);
  attentions.most_tokens = std::max(attentions.most_tokens, tokens.size(1));
  for (const BasicTransformerBlock& block : transformer.transformer_blocks) {
    tokens = block_forward(block, transformer, std::move(tokens), input.size(2), attentions);
  }
  const at::Tensor residual = to_tokens(of_passes(input, attentions.pictures));
  return to_picture(ops::linear_add(of_passes(tokens, attentions.pictures), transformer.proj_out, residual),
                    input.size(2), input.size(3));
}

}  // namespace sdw::models
