#pragma once

#include <ATen/core/Tensor.h>

#include "ops/conv2d.h"

namespace sdw::ops {

// 3x3 convolutions as one matrix product in float32: every pixel's neighbours are gathered before it, or what
// it adds to its neighbours is summed after it, which moves less where there are few outputs.

// `weight` [C_out, C_in, 3, 3] in any float type -> packed. Precondition: the layout is `gathered` or
// `summed`.
at::Tensor packed_matrix_filters(const at::Tensor& weight, Conv2dLayout layout);

// Precondition: as above. Channels-last in and out.
at::Tensor matrix_conv2d(const at::Tensor& input, const Conv2dWeight& weight);

}  // namespace sdw::ops
