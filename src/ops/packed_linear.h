#pragma once

#include <ATen/core/Tensor.h>

#include "ops/linear.h"

namespace sdw::ops {

// How matrices of a type are kept whose products are to be float32's: as they are, or widened where one lost
// nothing by being kept.
LinearLayout exact_layout(at::ScalarType type);
// How matrices of a type placed so are kept: for float32 on the CPU, packed for our own kernels.
LinearLayout layout_for(at::ScalarType type, const Placement& where);

// `weight` [N, K] in any float type -> panels. Precondition: the layout is not `plain`.
at::Tensor packed_panels(const at::Tensor& weight, LinearLayout layout);

// `input` [..., K] -> [..., N]; `residual` of the output's shape, or undefined. Precondition: as above.
at::Tensor packed_linear(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual);
// The same into `output`; both contiguous.
void packed_linear_into(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& output);
// The first half of the product times gelu of the second: [..., K] -> [..., N / 2].
at::Tensor packed_geglu(const at::Tensor& input, const LinearWeight& weight);
bool can_pack_geglu(const LinearWeight& weight);

}  // namespace sdw::ops
