#include "models/unet.h"

#include <fmt/format.h>
#include <utility>

#include "ops/activation.h"
#include "ops/concat.h"
#include "ops/shape_check.h"

namespace sdw::models {
namespace {

using KeyValues = std::span<const CrossAttentionKv>;

// The time embedding after its SiLU, as every resnet wants it: [B, time_embed_dim].
at::Tensor time_embedding(const UNet2DCondition& unet, const at::Tensor& timesteps,
                          const UNetContext& context) {
  const UNetConfig& config = unet.config;
  at::Tensor embedding = sinusoidal_embedding(timesteps.to(unet.where.device), config.block_out_channels[0],
                                              config.flip_sin_to_cos, config.freq_shift)
                             .to(unet.where.dtype);
  if (context.timestep_cond.defined()) embedding = embedding.add(context.timestep_cond);
  at::Tensor out = timestep_embedding_forward(unet.time_embedding, embedding);
  if (context.added_embedding.defined()) out = out.add(context.added_embedding);
  return ops::activate(out, ops::Activation::silu);
}

at::Tensor down_forward(const UNetBlock& block, at::Tensor sample, const at::Tensor& temb, KeyValues& context,
                        std::vector<at::Tensor>& skips) {
  for (std::size_t i = 0; i < block.resnets.size(); ++i) {
    sample = resnet_forward(block.resnets[i], std::move(sample), temb);
    if (!block.attentions.empty()) sample = transformer_forward(block.attentions[i], sample, context);
    skips.push_back(sample);
  }
  if (block.downsampler) {
    sample = ops::conv2d(sample, *block.downsampler);
    skips.push_back(sample);
  }
  return sample;
}

at::Tensor mid_forward(const UNetBlock& block, at::Tensor sample, const at::Tensor& temb,
                       KeyValues& context) {
  sample = resnet_forward(block.resnets[0], std::move(sample), temb);
  for (std::size_t i = 0; i < block.attentions.size(); ++i) {
    sample = transformer_forward(block.attentions[i], sample, context);
    sample = resnet_forward(block.resnets[i + 1], std::move(sample), temb);
  }
  return sample;
}

// One resnet of an up block, with its attention if there is one. Neither input outlives their concatenation.
at::Tensor up_layer_forward(const UNetBlock& block, std::size_t layer, at::Tensor sample, at::Tensor skip,
                            const at::Tensor& temb, KeyValues& context) {
  sample = ops::concat_channels(sample, skip);
  skip.reset();
  sample = resnet_forward(block.resnets[layer], std::move(sample), temb);
  if (!block.attentions.empty()) sample = transformer_forward(block.attentions[layer], sample, context);
  return sample;
}

// The first `layers` of the block, and its upsampler if those are all.
at::Tensor up_forward(const UNetBlock& block, std::size_t layers, at::Tensor sample, const at::Tensor& temb,
                      KeyValues& context, std::vector<at::Tensor>& skips) {
  for (std::size_t i = 0; i < layers; ++i) {
    at::Tensor skip = std::move(skips.back());
    skips.pop_back();
    sample = up_layer_forward(block, i, std::move(sample), std::move(skip), temb, context);
  }
  if (block.upsampler && layers == block.resnets.size()) {
    // Twice the size, or one less where the way down rounded up: the size of the skip that comes next.
    const at::Tensor& next = skips.back();
    sample = ops::upsample_conv2d(sample, *block.upsampler, static_cast<int>(next.size(2)),
                                  static_cast<int>(next.size(3)));
  }
  return sample;
}

void check_shapes(const UNet2DCondition& unet, const at::Tensor& sample, const at::Tensor& timesteps,
                  const UNetContext& context) {
  ops::require_shape(sample.defined() && sample.dim() == 4 && sample.size(1) == unet.config.in_channels,
                     "unet_forward", "sample", fmt::format("[B, {}, h, w]", unet.config.in_channels), sample);
  const std::int64_t batch = sample.size(0);
  ops::require_shape(timesteps.defined() && timesteps.dim() == 1 && timesteps.size(0) == batch,
                     "unet_forward", "timesteps", fmt::format("[{}]", batch), timesteps);
  for (const CrossAttentionKv& kv : context.cross_attention) {
    ops::require_shape(kv.key.size(0) == batch, "unet_forward", "context", fmt::format("[{}, T, C]", batch),
                       kv.key);
  }
}

// conv_in, the first of the skips.
at::Tensor enter(const UNet2DCondition& unet, const at::Tensor& sample) {
  at::Tensor input =
      sample.to(unet.where.device, unet.where.dtype, false, false, at::MemoryFormat::ChannelsLast);
  if (unet.config.center_input_sample) input = input.mul(2).sub_(1);
  return ops::conv2d(input, unet.conv_in);
}

// What is left after all layers but the last: `deep` and conv_in's output go in.
at::Tensor leave(const UNet2DCondition& unet, at::Tensor deep, at::Tensor skip, const at::Tensor& temb,
                 KeyValues& context) {
  const UNetBlock& block = unet.up_blocks.back();
  at::Tensor state =
      up_layer_forward(block, block.resnets.size() - 1, std::move(deep), std::move(skip), temb, context);
  return ops::conv2d(ops::group_norm_silu(std::move(state), unet.conv_norm_out), unet.conv_out);
}

// Cross-attentions of the last layer.
std::size_t last_cross_attentions(const UNet2DCondition& unet) {
  const UNetBlock& block = unet.up_blocks.back();
  return block.attentions.empty() ? 0 : block.attentions.back().transformer_blocks.size();
}

}  // namespace

at::Tensor unet_forward(const UNet2DCondition& unet, const at::Tensor& sample, const at::Tensor& timesteps,
                        const UNetContext& context, at::Tensor* deep_features) {
  check_shapes(unet, sample, timesteps, context);
  const at::Tensor temb = time_embedding(unet, timesteps, context);
  KeyValues key_values = context.cross_attention;
  at::Tensor state = enter(unet, sample);
  std::vector<at::Tensor> skips{state};
  for (const UNetBlock& block : unet.down_blocks) {
    state = down_forward(block, std::move(state), temb, key_values, skips);
  }
  if (unet.mid_block) state = mid_forward(*unet.mid_block, std::move(state), temb, key_values);
  for (const UNetBlock& block : unet.up_blocks) {
    const bool last = &block == &unet.up_blocks.back();
    state =
        up_forward(block, block.resnets.size() - (last ? 1 : 0), std::move(state), temb, key_values, skips);
  }
  if (deep_features != nullptr) *deep_features = state;
  return leave(unet, std::move(state), std::move(skips.back()), temb, key_values);
}

at::Tensor unet_forward_shallow(const UNet2DCondition& unet, const at::Tensor& sample,
                                const at::Tensor& timesteps, const UNetContext& context,
                                const at::Tensor& deep_features) {
  check_shapes(unet, sample, timesteps, context);
  KeyValues key_values = KeyValues(context.cross_attention).last(last_cross_attentions(unet));
  return leave(unet, deep_features, enter(unet, sample), time_embedding(unet, timesteps, context),
               key_values);
}

}  // namespace sdw::models
