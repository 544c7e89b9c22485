#pragma once

#include <ATen/core/Tensor.h>

#include "ops/conv2d.h"

namespace sdw::ops {

// How the filters [C_out, C_in, kh, kw] of a convolution placed so are kept.
Conv2dLayout layout_for(at::IntArrayRef filters, const Conv2dShape& shape, const Placement& where);

// `weight` [C_out, C_in, 3, 3] in any float type -> panels for kernels::cpu::bf16_conv_part.
at::Tensor packed_filters(const at::Tensor& weight);

// True where one of our own kernels does this convolution and is the faster way: 3x3, stride 1, padding 1,
// float32 on the CPU, enough channels and outputs (bench/bench_conv2d.cpp measures it).
bool own_conv2d_fits(const at::Tensor& input, const Conv2dWeight& weight, std::int64_t height,
                     std::int64_t width);

// The convolution, of the input upsampled to twice (nearest neighbour) where `upsample`; `residual` may be
// undefined. Precondition: own_conv2d_fits. Channels-last in and out.
at::Tensor own_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                      bool upsample);

}  // namespace sdw::ops
