#pragma once

#include <ATen/core/Tensor.h>

#include "ops/linear.h"

namespace sdw::ops {

// True where matrices placed so are packed for our own kernel: float32 on the CPU.
bool packing_fits(const Placement& where);

// `weight` [N, K] in any float type -> panels for kernels::cpu::gemm, float32.
at::Tensor packed_panels(const at::Tensor& weight);

// `input` [..., K] -> [..., N]; `residual` of the output's shape, or undefined. Precondition: weight.packed.
at::Tensor packed_linear(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual);

}  // namespace sdw::ops
