#pragma once

#include <ATen/core/Tensor.h>

#include "ops/conv2d.h"

namespace sdw::ops {

// 3x3 convolutions with few channels on one side, the first and last of a model, as one matrix product: few
// inputs are gathered from the nine neighbours before it, few outputs after it.

// `weight` [C_out, C_in, 3, 3] in any float type -> packed. Precondition: the layout is one of the thin ones.
at::Tensor packed_thin_filters(const at::Tensor& weight, Conv2dLayout layout);

// Precondition: as above. Channels-last in and out.
at::Tensor thin_conv2d(const at::Tensor& input, const Conv2dWeight& weight);

}  // namespace sdw::ops
