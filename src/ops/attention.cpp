#include "ops/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <fmt/format.h>

#include "kernels/cpu/attention.h"
#include "ops/op_profile.h"
#include "ops/shape_check.h"
#include "ops/workspace.h"

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

bool own_kernel_fits(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  return takes_own_kernels(query) && takes_own_kernels(key) && takes_own_kernels(value) &&
         query.numel() > 0 && key.numel() > 0;
}

// Tokens may be parts of longer rows, as of one product that makes queries, keys and values.
at::Tensor in_rows(const at::Tensor& tokens) {
  const bool rows = tokens.stride(2) == 1 && tokens.stride(0) == tokens.size(1) * tokens.stride(1);
  return rows ? tokens : tokens.contiguous();
}

kernels::cpu::AttentionProducts products_of(Precision precision) {
  using kernels::cpu::AttentionProducts;
  switch (precision) {
    case Precision::exact:
      return AttentionProducts::f32;
    case Precision::fast:
      return AttentionProducts::bf16;
    case Precision::int8:
      return AttentionProducts::int8;
  }
  return AttentionProducts::f32;
}

at::Tensor own_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                         bool causal, Precision precision) {
  const at::Tensor q = in_rows(query), k = in_rows(key);
  const at::Tensor v = value.stride(1) == k.stride(1) ? in_rows(value) : value.contiguous();
  at::Tensor output = at::empty(q.sizes(), q.options());
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  const kernels::cpu::Attention attention{.query = q.const_data_ptr<float>(),
                                          .key = k.const_data_ptr<float>(),
                                          .value = v.const_data_ptr<float>(),
                                          .output = output.data_ptr<float>(),
                                          .query_stride = size(q.stride(1)),
                                          .key_stride = size(k.stride(1)),
                                          .batch = size(q.size(0)),
                                          .heads = size(heads),
                                          .queries = size(q.size(1)),
                                          .keys = size(k.size(1)),
                                          .head_dim = size(q.size(2) / heads),
                                          .causal = causal,
                                          .products = products_of(precision)};
  const auto plan = kernels::cpu::plan_attention(attention, size(at::get_num_threads()));
  float* const shared = workspace(plan.shared_floats + floats_of_all_threads(plan.thread_floats));
  for_parts(plan.pack_parts,
            [&](std::size_t part) { kernels::cpu::attention_pack_part(attention, plan, part, shared); });
  for_parts(plan.parts, plan.thread_floats, shared + plan.shared_floats,
            [&](std::size_t part, float* scratch) {
              kernels::cpu::attention_part(attention, plan, part, shared, scratch);
            });
  return output;
}

}  // namespace

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, int heads,
                     Precision precision, bool causal) {
  check_shapes(query, key, value, heads, causal);
  const OpTimer timer(running_op("attention", query), [&] {
    OpCost cost{.op = "attention",
                .shape = fmt::format("{}x{} to {}, {} heads of {}", query.size(0), query.size(1), key.size(1),
                                     heads, query.size(2) / heads),
                .arithmetic = precision == Precision::exact ? Arithmetic::f32 : arithmetic_of_bf16()};
    cost.work = 4 * static_cast<double>(query.numel() * key.size(1)) / (causal ? 2 : 1);
    cost.multiplied = cost.work;
    cost.bytes = static_cast<double>(2 * query.nbytes() + key.nbytes() + value.nbytes());
    return cost;
  });
  if (own_kernel_fits(query, key, value)) return own_attention(query, key, value, heads, causal, precision);
  return aten_attention(query, key, value, heads, causal);
}

}  // namespace sdw::ops
