#include "ops/attention.h"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <fmt/format.h>

#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

void check_shapes(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                  bool causal) {
  require_shape(query.defined() && query.dim() == 3 && heads > 0 && query.size(2) % heads == 0, "attention",
                "query", fmt::format("[B, Q, a multiple of {} heads]", heads), query);
  const std::string expected = fmt::format("[{}, K, {}]", query.size(0), query.size(2));
  require_shape(
      key.defined() && key.dim() == 3 && key.size(0) == query.size(0) && key.size(2) == query.size(2),
      "attention", "key", expected, key);
  require_shape(value.defined() && value.sizes() == key.sizes(), "attention", "value", shape_text(key),
                value);
  require_shape(!causal || key.size(1) == query.size(1), "attention", "causal key", "as many keys as queries",
                key);
}

// [B, T, heads * d] -> [B, heads, T, d] without moving anything.
at::Tensor split_heads(const at::Tensor& tokens, int heads) {
  return tokens.view({tokens.size(0), tokens.size(1), heads, tokens.size(2) / heads}).transpose(1, 2);
}

at::Tensor aten_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                          bool causal) {
  const at::Tensor out = at::scaled_dot_product_attention(split_heads(query, heads), split_heads(key, heads),
                                                          split_heads(value, heads), {}, 0.0, causal);
  return out.transpose(1, 2).reshape(query.sizes());
}

}  // namespace

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                     bool causal) {
  check_shapes(query, key, value, heads, causal);
  return aten_attention(query, key, value, heads, causal);
}

}  // namespace sdw::ops
