#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <stdexcept>

#include "models/unet.h"
#include "ops/linear.h"
#include "ops/shape_check.h"

namespace sdw::models {
namespace {

at::Tensor placed(const UNet2DCondition& unet, const at::Tensor& tensor) {
  return tensor.to(unet.where.device, unet.where.dtype);
}

at::Tensor added_embedding(const UNet2DCondition& unet, const AddedConditions& added, std::int64_t batch) {
  const UNetConfig& config = unet.config;
  ops::require_shape(
      added.text_embeds.defined() && added.text_embeds.dim() == 2 && added.text_embeds.size(0) == batch,
      "unet_context", "text_embeds", fmt::format("[{}, P]", batch), added.text_embeds);
  ops::require_shape(added.time_ids.defined() && added.time_ids.dim() == 2 && added.time_ids.size(0) == batch,
                     "unet_context", "time_ids", fmt::format("[{}, N]", batch), added.time_ids);
  const at::Tensor ids = added.time_ids.to(unet.where.device).flatten();
  const at::Tensor times =
      sinusoidal_embedding(ids, config.addition_time_embed_dim, config.flip_sin_to_cos, config.freq_shift)
          .reshape({batch, -1});
  const at::Tensor joined = at::cat({placed(unet, added.text_embeds), placed(unet, times)}, 1);
  return timestep_embedding_forward(*unet.add_embedding, joined);
}

// Joins one tensor of every context; none or all must have it.
template <class Get>
at::Tensor join(std::span<const UNetContext* const> contexts, Get get) {
  std::vector<at::Tensor> parts;
  for (const UNetContext* context : contexts) parts.push_back(get(*context));
  if (!parts.front().defined()) return {};
  return at::cat(parts, 0);
}

}  // namespace

UNetContext unet_context(const UNet2DCondition& unet, const at::Tensor& encoder_hidden_states,
                         const AddedConditions& added) {
  ops::require_shape(encoder_hidden_states.defined() && encoder_hidden_states.dim() == 3, "unet_context",
                     "encoder_hidden_states", "[B, T, cross_attention_dim]", encoder_hidden_states);
  const at::Tensor states = placed(unet, encoder_hidden_states);
  UNetContext context;
  const auto append = [&](const UNetBlock& block) {
    for (const Transformer2D& attention : block.attentions) {
      append_cross_attention(attention, states, context.cross_attention);
    }
  };
  for (const UNetBlock& block : unet.down_blocks) append(block);
  if (unet.mid_block) append(*unet.mid_block);
  for (const UNetBlock& block : unet.up_blocks) append(block);
  if (unet.add_embedding) context.added_embedding = added_embedding(unet, added, states.size(0));
  if (unet.config.time_cond_proj_dim > 0 && added.timestep_cond.defined()) {
    context.timestep_cond = ops::linear(placed(unet, added.timestep_cond), unet.time_embedding.cond_proj);
  }
  return context;
}

UNetContext concat(std::span<const UNetContext* const> contexts) {
  if (contexts.empty()) throw std::invalid_argument("concat: expected at least one context");
  if (contexts.size() == 1) return *contexts.front();
  UNetContext out;
  for (std::size_t i = 0; i < contexts.front()->cross_attention.size(); ++i) {
    const auto layer = [i](const UNetContext& context) -> const CrossAttentionKv& {
      return context.cross_attention.at(i);
    };
    out.cross_attention.push_back(
        {join(contexts, [&](const UNetContext& context) { return layer(context).key; }),
         join(contexts, [&](const UNetContext& context) { return layer(context).value; }),
         join(contexts, [&](const UNetContext& context) { return layer(context).output; })});
  }
  out.added_embedding = join(contexts, [](const UNetContext& context) { return context.added_embedding; });
  out.timestep_cond = join(contexts, [](const UNetContext& context) { return context.timestep_cond; });
  return out;
}

UNetContext row_of(const UNetContext& context, std::int64_t row) {
  const auto cut = [row](const at::Tensor& tensor) {
    return tensor.defined() ? tensor.narrow(0, row, 1) : tensor;
  };
  UNetContext out{{}, cut(context.added_embedding), cut(context.timestep_cond)};
  for (const CrossAttentionKv& kv : context.cross_attention) {
    out.cross_attention.push_back({cut(kv.key), cut(kv.value), cut(kv.output)});
  }
  return out;
}

UNetContext with_outputs(const UNetContext& context, std::span<const at::Tensor> outputs) {
  UNetContext out{{}, context.added_embedding, context.timestep_cond};
  for (const at::Tensor& output : outputs) out.cross_attention.push_back({{}, {}, output});
  return out;
}

}  // namespace sdw::models
