#pragma once

#include <ATen/core/Tensor.h>

#include "ops/conv2d.h"

namespace sdw::ops {

// True where the Winograd kernel does this convolution and is the faster way: 3x3, stride 1, padding 1,
// float32 on the CPU, enough channels and output tiles (bench/bench_conv2d.cpp measures it).
bool winograd_fits(const at::Tensor& input, const Conv2dWeight& weight, std::int64_t height,
                   std::int64_t width);

// The convolution, of the input upsampled to twice (nearest neighbour) where `upsample`; `residual` may be
// undefined. Precondition: winograd_fits. Channels-last in and out.
at::Tensor winograd_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                           bool upsample);

}  // namespace sdw::ops
