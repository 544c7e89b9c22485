#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "ops/precision.h"

namespace sdw::ops {

enum class LinearLayout {
  plain,  // [N, K], for ATen
  f32,    // packed for kernels::cpu::gemm_part
  f16,
  bf16,         // as in the file, packed for the same
  bf16_panels,  // bfloat16, packed for kernels::cpu::panel_gemm_part
  int8_panels   // bytes, packed for the same
};

// A matrix prepared at load for the arithmetic chosen for it. Undefined tensors mean "not loaded".
struct LinearWeight {
  at::Tensor weight;              // as `layout` says
  at::Tensor bias;                // [N] or undefined
  std::int64_t out_features = 0;  // N
  std::int64_t in_features = 0;   // K
  LinearLayout layout = LinearLayout::plain;
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
