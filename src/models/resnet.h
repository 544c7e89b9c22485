#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

#include "models/weights.h"
#include "ops/conv2d.h"
#include "ops/linear.h"
#include "ops/norm.h"
#include "support/stop_check.h"

namespace sdw::models {

// ResnetBlock2D of diffusers with time_embedding_norm "default"; He et al. 2015 with group norms before
// activations.
struct ResnetBlock2D {
  ops::NormWeight norm1;
  ops::Conv2dWeight conv1;
  ops::LinearWeight time_emb_proj;  // undefined in the VAE
  ops::NormWeight norm2;
  ops::Conv2dWeight conv2;
  ops::LinearWeight conv_shortcut;  // 1x1; undefined where the channels stay
  double output_scale_factor = 1.0;
};

struct ResnetShape {
  std::int64_t in_channels = 0;
  std::int64_t out_channels = 0;
  std::int64_t temb_channels = 0;  // 0: no time embedding
  std::int64_t groups = 32;
  double eps = 1e-5;
  double output_scale_factor = 1.0;
};

ResnetBlock2D load_resnet(WeightMap& weights, const std::string& prefix, const ResnetShape& shape,
                          const ops::Placement& where);

// `input` [B, C_in, H, W] channels-last, `temb` [B, temb_channels] after its SiLU (undefined in the VAE)
// -> [B, C_out, H, W] channels-last. An input that nobody else holds is overwritten.
// `stop` is asked before each convolution; undefined if it said so.
at::Tensor resnet_forward(const ResnetBlock2D& resnet, at::Tensor input, const at::Tensor& temb,
                          const StopCheck& stop = {});

}  // namespace sdw::models
