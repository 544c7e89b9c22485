#pragma once

#include <ATen/core/Tensor.h>
#include <optional>
#include <vector>

#include "models/resnet.h"
#include "models/vae_config.h"
#include "models/weights.h"
#include "ops/conv2d.h"
#include "ops/linear.h"
#include "ops/norm.h"
#include "support/stop_check.h"

namespace sdw::models {

// One head over the full width.
struct VaeAttention {
  ops::NormWeight group_norm;
  ops::LinearWeight to_q, to_k, to_v, to_out;
  ops::Precision precision = ops::Precision::exact;
};

struct VaeMidBlock {
  ResnetBlock2D resnet_0;
  std::optional<VaeAttention> attention;
  ResnetBlock2D resnet_1;
};

struct VaeBlock {
  std::vector<ResnetBlock2D> resnets;
  std::optional<ops::Conv2dWeight> downsampler;
  std::optional<ops::Conv2dWeight> upsampler;
};

struct VaeEncoder {
  ops::Conv2dWeight conv_in;
  std::vector<VaeBlock> down_blocks;
  VaeMidBlock mid_block;
  ops::NormWeight conv_norm_out;
  ops::Conv2dWeight conv_out;
};

struct VaeDecoder {
  ops::Conv2dWeight conv_in;
  VaeMidBlock mid_block;
  std::vector<VaeBlock> up_blocks;
  ops::NormWeight conv_norm_out;
  ops::Conv2dWeight conv_out;
};

// AutoencoderKL of diffusers; Rombach et al. 2022, arXiv:2112.10752.
struct AutoencoderKL {
  VaeConfig config;
  ops::Placement where;
  VaeEncoder encoder;
  VaeDecoder decoder;
  std::optional<ops::LinearWeight> quant_conv, post_quant_conv;  // 1x1
};

// Reads the weights, attention keys in the old naming (query, key, value, proj_attn) as well as the present
// one. Problems are left in `weights`: look at `weights.status()` before the result is used.
AutoencoderKL load_vae(WeightMap& weights, const VaeConfig& config, const ops::Placement& where);

// Mean and log-variance (clamped to -30..20) of the posterior, side by side along the channels.
// `pixels` [B, 3, H, W] in -1..1, H and W at least `scale` -> [B, 2 * latent_channels, H / scale, W / scale].
// `stop` is asked before each convolution of a resnet; undefined if it said so.
at::Tensor vae_encode_moments(const AutoencoderKL& vae, const at::Tensor& pixels, const StopCheck& stop = {});

// `latents` [B, latent_channels, h, w], already divided by scaling_factor -> [B, 3, h * scale, w * scale],
// about -1..1 and not clamped. `stop` as above.
at::Tensor vae_decode(const AutoencoderKL& vae, const at::Tensor& latents, const StopCheck& stop = {});

}  // namespace sdw::models
