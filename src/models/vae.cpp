#include "models/vae.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>
#include <utility>

#include "models/tokens.h"
#include "ops/attention.h"
#include "ops/shape_check.h"

namespace sdw::models {
namespace {

at::Tensor attention_forward(const VaeAttention& attn, const at::Tensor& input) {
  const at::Tensor tokens = to_tokens(ops::group_norm(input, attn.group_norm));
  const at::Tensor out = ops::attention(ops::linear(tokens, attn.to_q), ops::linear(tokens, attn.to_k),
                                        ops::linear(tokens, attn.to_v), 1, attn.precision);
  return to_picture(ops::linear_add(out, attn.to_out, to_tokens(input)), input.size(2), input.size(3));
}

// The forward functions below give an undefined tensor if `stop` said so.

at::Tensor mid_forward(const VaeMidBlock& block, at::Tensor state, const StopCheck& stop) {
  state = resnet_forward(block.resnet_0, std::move(state), {}, stop);
  if (stopped(stop)) return {};
  if (block.attention) state = attention_forward(*block.attention, state);
  return resnet_forward(block.resnet_1, std::move(state), {}, stop);
}

at::Tensor block_forward(const VaeBlock& block, at::Tensor state, const StopCheck& stop) {
  for (const ResnetBlock2D& resnet : block.resnets)
    state = resnet_forward(resnet, std::move(state), {}, stop);
  if (stopped(stop)) return {};
  if (block.downsampler) state = ops::conv2d(state, *block.downsampler);
  if (block.upsampler) {
    const int height = static_cast<int>(2 * state.size(2));
    state = ops::upsample_conv2d(state, *block.upsampler, height, static_cast<int>(2 * state.size(3)));
  }
  return state;
}

at::Tensor placed(const AutoencoderKL& vae, const at::Tensor& input) {
  return input.to(vae.where.device, vae.where.dtype, false, false, at::MemoryFormat::ChannelsLast);
}

}  // namespace

at::Tensor vae_encode_moments(const AutoencoderKL& vae, const at::Tensor& pixels, const StopCheck& stop) {
  const std::int64_t scale = vae.config.scale();
  ops::require_shape(pixels.defined() && pixels.dim() == 4 && pixels.size(1) == vae.config.in_channels &&
                         pixels.size(2) >= scale && pixels.size(3) >= scale,
                     "vae_encode_moments", "pixels",
                     fmt::format("[B, {}, H, W] of at least {} by {}", vae.config.in_channels, scale, scale),
                     pixels);
  const VaeEncoder& encoder = vae.encoder;
  at::Tensor state = ops::conv2d(placed(vae, pixels), encoder.conv_in);
  for (const VaeBlock& block : encoder.down_blocks) state = block_forward(block, std::move(state), stop);
  state = mid_forward(encoder.mid_block, std::move(state), stop);
  if (stopped(stop)) return {};
  state = ops::conv2d(ops::group_norm_silu(std::move(state), encoder.conv_norm_out), encoder.conv_out);
  if (vae.quant_conv) state = pointwise(state, *vae.quant_conv);
  const std::vector<at::Tensor> moments = state.chunk(2, 1);
  return at::cat({moments[0], moments[1].clamp(-30.0, 20.0)}, 1);
}

at::Tensor vae_decode(const AutoencoderKL& vae, const at::Tensor& latents, const StopCheck& stop) {
  ops::require_shape(latents.defined() && latents.dim() == 4 && latents.size(1) == vae.config.latent_channels,
                     "vae_decode", "latents", fmt::format("[B, {}, h, w]", vae.config.latent_channels),
                     latents);
  const VaeDecoder& decoder = vae.decoder;
  at::Tensor state = placed(vae, latents);
  if (vae.post_quant_conv) state = pointwise(state, *vae.post_quant_conv);
  state = mid_forward(decoder.mid_block, ops::conv2d(state, decoder.conv_in), stop);
  for (const VaeBlock& block : decoder.up_blocks) state = block_forward(block, std::move(state), stop);
  if (stopped(stop)) return {};
  return ops::conv2d(ops::group_norm_silu(std::move(state), decoder.conv_norm_out), decoder.conv_out);
}

}  // namespace sdw::models
