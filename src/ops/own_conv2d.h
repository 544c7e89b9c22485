#pragma once

#include <ATen/core/Tensor.h>

#include "ops/conv2d.h"

namespace sdw::ops {

// How the filters [C_out, C_in, kh, kw] of a convolution placed so are kept: packed for the kernel of our own
// that does it fastest (3x3 that keep a picture's size or halve it, float32 on the CPU), plain where there is
// none.
Conv2dLayout layout_for(const at::Tensor& weight, const Conv2dShape& shape, const Placement& where);

// `weight` [C_out, C_in, 3, 3] in any float type -> packed. Precondition: the layout is neither `plain` nor
// one of matrix_conv2d's.
at::Tensor packed_filters(const at::Tensor& weight, Conv2dLayout layout);

// The convolution, of the input upsampled to twice (nearest neighbour) where `upsample`; `residual` may be
// undefined; one that nobody else holds is overwritten. Precondition: as above. Channels-last in and out.
at::Tensor own_conv2d(const at::Tensor& input, const Conv2dWeight& weight, const at::Tensor& residual,
                      bool upsample);

// What part of the products of its definition are multiplied for an output [batch, C_out, height, width].
double multiplied_share(const Conv2dWeight& weight, std::int64_t batch, std::int64_t height,
                        std::int64_t width, bool upsample);

}  // namespace sdw::ops
