#pragma once

#include <ATen/core/Tensor.h>

#include "ops/precision.h"

namespace sdw::ops {

struct LinearWeight {
  at::Tensor weight;  // [N, K]
  at::Tensor bias;    // [N] or undefined
};

// `weight` [N, K] (or [N, K, 1, 1], a 1x1 convolution) and `bias` [N] (or undefined), as read from the file.
LinearWeight prepare_linear(const at::Tensor& weight, const at::Tensor& bias, const Placement& where);

// `input` [..., K] -> [..., N].
at::Tensor linear(const at::Tensor& input, const LinearWeight& weight);
// The same plus `residual` of the output's shape.
at::Tensor linear_add(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual);
// GEGLU (Shazeer 2020, arXiv:2002.05202): `weight` is [2N, K]; value * gelu(gate) -> [..., N]. Exact (erf)
// GELU.
at::Tensor geglu(const at::Tensor& input, const LinearWeight& weight);

}  // namespace sdw::ops
