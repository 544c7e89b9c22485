#include "models/unet.h"

#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "ops/activation.h"
#include "ops/concat.h"
#include "ops/shape_check.h"

namespace sdw::models {
namespace {

// What blocks need beside the state. As long as no cross-attention has been, the state has a row for each
// picture; then one for each pass.
struct Conditions {
  Attentions attentions;
  at::Tensor picture_temb;  // [P, time_embed_dim], undefined where that depends on the pass
  at::Tensor pass_temb;     // [B, time_embed_dim]

  const at::Tensor& temb_of(const at::Tensor& state) const {
    return state.size(0) == pass_temb.size(0) ? pass_temb : picture_temb;
  }
};

// The time embedding after its SiLU, as every resnet wants it: [N, time_embed_dim].
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

Conditions conditions_of(const UNet2DCondition& unet, const UNetInput& input, const UNetContext& context) {
  Conditions conditions{.attentions = {.pictures = input.pictures, .next_cross = context.cross_attention}};
  if (input.merging.ratio > 0) conditions.attentions.merging = &input.merging;
  if (context.timestep_cond.defined() || context.added_embedding.defined()) {
    conditions.pass_temb = time_embedding(unet, of_passes(input.timesteps, input.pictures), context);
  } else {
    conditions.picture_temb = time_embedding(unet, input.timesteps, context);
    conditions.pass_temb = of_passes(conditions.picture_temb, input.pictures);
  }
  return conditions;
}

at::Tensor resnet(const ResnetBlock2D& resnet, at::Tensor state, const Conditions& conditions) {
  const at::Tensor& temb = conditions.temb_of(state);
  return resnet_forward(resnet, std::move(state), temb);
}

at::Tensor attention(const Transformer2D& transformer, const at::Tensor& state, Conditions& conditions) {
  return transformer_forward(transformer, state, conditions.attentions);
}

at::Tensor down_forward(const UNetBlock& block, at::Tensor sample, Conditions& conditions,
                        std::vector<at::Tensor>& skips) {
  for (std::size_t i = 0; i < block.resnets.size(); ++i) {
    sample = resnet(block.resnets[i], std::move(sample), conditions);
    if (!block.attentions.empty()) sample = attention(block.attentions[i], sample, conditions);
    skips.push_back(sample);
  }
  if (block.downsampler) {
    sample = ops::conv2d(sample, *block.downsampler);
    skips.push_back(sample);
  }
  return sample;
}

at::Tensor mid_forward(const UNetBlock& block, at::Tensor sample, Conditions& conditions) {
  sample = resnet(block.resnets[0], std::move(sample), conditions);
  for (std::size_t i = 0; i < block.attentions.size(); ++i) {
    sample = attention(block.attentions[i], sample, conditions);
    sample = resnet(block.resnets[i + 1], std::move(sample), conditions);
  }
  return sample;
}

// One resnet of an up block, with its attention if there is one. Neither input outlives their concatenation.
at::Tensor up_layer_forward(const UNetBlock& block, std::size_t layer, at::Tensor sample, at::Tensor skip,
                            Conditions& conditions) {
  sample = ops::concat_channels(sample, of_passes(skip, conditions.attentions.pictures));
  skip.reset();
  sample = resnet(block.resnets[layer], std::move(sample), conditions);
  if (!block.attentions.empty()) sample = attention(block.attentions[layer], sample, conditions);
  return sample;
}

// The first `layers` of the block, and its upsampler if those are all.
at::Tensor up_forward(const UNetBlock& block, std::size_t layers, at::Tensor sample, Conditions& conditions,
                      std::vector<at::Tensor>& skips) {
  for (std::size_t i = 0; i < layers; ++i) {
    at::Tensor skip = std::move(skips.back());
    skips.pop_back();
    sample = up_layer_forward(block, i, std::move(sample), std::move(skip), conditions);
  }
  if (block.upsampler && layers == block.resnets.size()) {
    // Twice the size, or one less where the way down rounded up: the size of the skip that comes next.
    const at::Tensor& next = skips.back();
    sample = ops::upsample_conv2d(sample, *block.upsampler, static_cast<int>(next.size(2)),
                                  static_cast<int>(next.size(3)));
  }
  return sample;
}

void check_shapes(const UNet2DCondition& unet, const UNetInput& input, const UNetContext& context) {
  const at::Tensor &sample = input.sample, &timesteps = input.timesteps;
  ops::require_shape(sample.defined() && sample.dim() == 4 && sample.size(1) == unet.config.in_channels,
                     "unet_forward", "sample", fmt::format("[P, {}, h, w]", unet.config.in_channels), sample);
  const std::int64_t pictures = sample.size(0);
  ops::require_shape(timesteps.defined() && timesteps.dim() == 1 && timesteps.size(0) == pictures,
                     "unet_forward", "timesteps", fmt::format("[{}]", pictures), timesteps);
  const auto passes = static_cast<std::int64_t>(input.pictures.size());
  if (passes < pictures) {
    throw std::invalid_argument(
        fmt::format("unet_forward: expected a pass for each of {} pictures, got {}", pictures, passes));
  }
  for (const CrossAttentionKv& kv : context.cross_attention) {
    ops::require_shape(kv.batch() == passes, "unet_forward", "context", fmt::format("[{}, T, C]", passes),
                       kv.output.defined() ? kv.output : kv.key);
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
at::Tensor leave(const UNet2DCondition& unet, at::Tensor deep, at::Tensor skip, Conditions& conditions) {
  const UNetBlock& block = unet.up_blocks.back();
  at::Tensor state =
      up_layer_forward(block, block.resnets.size() - 1, std::move(deep), std::move(skip), conditions);
  return ops::conv2d(ops::group_norm_silu(std::move(state), unet.conv_norm_out), unet.conv_out);
}

// Cross-attentions of the last layer.
std::size_t last_cross_attentions(const UNet2DCondition& unet) {
  const UNetBlock& block = unet.up_blocks.back();
  if (block.attentions.empty()) return 0;
  const Transformer2D& transformer = block.attentions.back();
  return transformer.transformer_blocks.size() * (transformer.only_cross_attention ? 2 : 1);
}

}  // namespace

at::Tensor unet_forward(const UNet2DCondition& unet, const UNetInput& input, const UNetContext& context,
                        const UNetStates& states) {
  check_shapes(unet, input, context);
  Conditions conditions = conditions_of(unet, input, context);
  conditions.attentions.cross_outputs = states.cross_attention;
  at::Tensor state = enter(unet, input.sample);
  if (!conditions.picture_temb.defined()) state = of_passes(state, input.pictures);
  std::vector<at::Tensor> skips{state};
  for (const UNetBlock& block : unet.down_blocks) {
    state = down_forward(block, std::move(state), conditions, skips);
  }
  if (unet.mid_block) state = mid_forward(*unet.mid_block, std::move(state), conditions);
  state = of_passes(state, input.pictures);  // a UNet without cross-attention on the way down
  for (const UNetBlock& block : unet.up_blocks) {
    const bool last = &block == &unet.up_blocks.back();
    state = up_forward(block, block.resnets.size() - (last ? 1 : 0), std::move(state), conditions, skips);
  }
  if (states.deep_features != nullptr) *states.deep_features = state;
  return leave(unet, std::move(state), std::move(skips.back()), conditions);
}

at::Tensor unet_forward_shallow(const UNet2DCondition& unet, const UNetInput& input,
                                const UNetContext& context, const at::Tensor& deep_features) {
  check_shapes(unet, input, context);
  Conditions conditions = conditions_of(unet, input, context);
  conditions.attentions.next_cross = conditions.attentions.next_cross.last(last_cross_attentions(unet));
  return leave(unet, deep_features, enter(unet, input.sample), conditions);
}

}  // namespace sdw::models
