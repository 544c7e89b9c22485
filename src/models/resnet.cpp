#include "models/resnet.h"

#include <utility>

#include "models/layers.h"
#include "models/tokens.h"

namespace sdw::models {

ResnetBlock2D load_resnet(WeightMap& weights, const std::string& prefix, const ResnetShape& shape,
                          const ops::Placement& where) {
  ResnetBlock2D resnet;
  resnet.norm1 = load_norm(weights, prefix + ".norm1", shape.in_channels, shape.eps, shape.groups, where);
  resnet.conv1 =
      load_conv2d(weights, prefix + ".conv1", shape.in_channels, shape.out_channels, 3, {1, 1, 0}, where);
  if (shape.temb_channels > 0) {
    resnet.time_emb_proj = load_linear(weights, prefix + ".time_emb_proj", shape.temb_channels,
                                       shape.out_channels, Bias::present, ops::at_least_16_bits(where));
  }
  resnet.norm2 = load_norm(weights, prefix + ".norm2", shape.out_channels, shape.eps, shape.groups, where);
  resnet.conv2 =
      load_conv2d(weights, prefix + ".conv2", shape.out_channels, shape.out_channels, 3, {1, 1, 0}, where);
  if (shape.in_channels != shape.out_channels) {
    resnet.conv_shortcut = load_linear(weights, prefix + ".conv_shortcut", shape.in_channels,
                                       shape.out_channels, Bias::present, where);
  }
  resnet.output_scale_factor = shape.output_scale_factor;
  return resnet;
}

at::Tensor resnet_forward(const ResnetBlock2D& resnet, at::Tensor input, const at::Tensor& temb,
                          const StopCheck& stop) {
  if (stopped(stop)) return {};
  at::Tensor residual =
      resnet.conv_shortcut.weight.defined() ? pointwise(input, resnet.conv_shortcut) : input;
  at::Tensor state = ops::conv2d(ops::group_norm_silu(std::move(input), resnet.norm1), resnet.conv1);
  if (stopped(stop)) return {};
  state =
      resnet.time_emb_proj.weight.defined()
          ? ops::add_group_norm_silu(std::move(state), ops::linear(temb, resnet.time_emb_proj), resnet.norm2)
          : ops::group_norm_silu(std::move(state), resnet.norm2);
  at::Tensor out = ops::conv2d_add(state, resnet.conv2, std::move(residual));
  return resnet.output_scale_factor == 1.0 ? out : out.div_(resnet.output_scale_factor);
}

}  // namespace sdw::models
