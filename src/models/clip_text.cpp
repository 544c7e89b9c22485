#include "models/clip_text.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/embedding.h>
#include <fmt/format.h>

#include "ops/attention.h"
#include "ops/shape_check.h"

namespace sdw::models {
namespace {

at::Tensor self_attention(const ClipAttention& attn, const at::Tensor& input, int heads,
                          const at::Tensor& residual) {
  const at::Tensor out = ops::attention(ops::linear(input, attn.q_proj), ops::linear(input, attn.k_proj),
                                        ops::linear(input, attn.v_proj), heads, ops::Precision::exact, true);
  return ops::linear_add(out, attn.out_proj, residual);
}

at::Tensor layer_forward(const ClipEncoderLayer& layer, const ClipTextConfig& config,
                         const at::Tensor& input) {
  const at::Tensor attended = self_attention(layer.self_attn, ops::layer_norm(input, layer.layer_norm1),
                                             static_cast<int>(config.num_attention_heads), input);
  const at::Tensor inner = ops::linear(ops::layer_norm(attended, layer.layer_norm2), layer.mlp.fc1);
  return ops::linear_add(ops::activate(inner, config.hidden_act), layer.mlp.fc2, attended);
}

// The first end-of-text token of each row; before transformers PR 24773 configs said 2 and the highest id was
// meant.
at::Tensor end_of_text(const ClipTextConfig& config, const at::Tensor& ids) {
  if (config.eos_token_id == 2) return ids.argmax(-1);
  return ids.eq(config.eos_token_id).to(at::kInt).argmax(-1);
}

}  // namespace

ClipTextOutput clip_text_forward(const ClipTextEncoder& encoder, const at::Tensor& ids,
                                 const StopCheck& stop) {
  const ClipTextConfig& config = encoder.config;
  ops::require_shape(ids.defined() && ids.dim() == 2 && ids.size(1) <= config.max_position_embeddings,
                     "clip_text_forward", "ids",
                     fmt::format("[B, at most {}]", config.max_position_embeddings), ids);
  const at::Tensor placed = ids.to(encoder.where.device);
  at::Tensor state = at::embedding(encoder.token_embedding, placed)
                         .to(encoder.position_embedding.scalar_type())
                         .add_(encoder.position_embedding.narrow(0, 0, ids.size(1)));
  ClipTextOutput out;
  out.hidden_states.push_back(state);
  for (const ClipEncoderLayer& layer : encoder.layers) {
    if (stopped(stop)) return {};
    state = layer_forward(layer, config, state);
    out.hidden_states.push_back(state);
  }
  out.last_hidden_state = clip_text_final_layer_norm(encoder, state);
  const at::Tensor rows = at::arange(ids.size(0), placed.options());
  out.pooled = out.last_hidden_state.index({rows, end_of_text(config, placed)});
  if (encoder.text_projection.weight.defined()) {
    out.text_embeds = ops::linear(out.pooled, encoder.text_projection);
  }
  return out;
}

at::Tensor clip_text_final_layer_norm(const ClipTextEncoder& encoder, const at::Tensor& hidden_state) {
  return ops::layer_norm(hidden_state, encoder.final_layer_norm);
}

}  // namespace sdw::models
