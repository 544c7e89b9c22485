#pragma once

#include <ATen/core/Tensor.h>

#include "ops/precision.h"

namespace sdw::ops {

struct NormWeight {
  at::Tensor weight;  // [C]
  at::Tensor bias;    // [C]
  double eps = 1e-5;
  int groups = 0;  // 0 for a layer norm
};

NormWeight prepare_norm(const at::Tensor& weight, const at::Tensor& bias, double eps, int groups,
                        const Placement& where);

// `input` [B, C, H, W] channels-last.
at::Tensor group_norm(const at::Tensor& input, const NormWeight& weight);
// silu(group_norm(input)). An input that nobody else holds is overwritten.
at::Tensor group_norm_silu(at::Tensor input, const NormWeight& weight);
// silu(group_norm(input + shift)), `shift` [B, C] (the resnet's time embedding). The same.
at::Tensor add_group_norm_silu(at::Tensor input, const at::Tensor& shift, const NormWeight& weight);
// `input` [..., C].
at::Tensor layer_norm(const at::Tensor& input, const NormWeight& weight);

}  // namespace sdw::ops
