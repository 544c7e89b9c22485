#pragma once

#include <ATen/core/Tensor.h>
#include <string_view>

namespace sdw::ops {

enum class Activation { silu, gelu, quick_gelu };

// Elementwise: x * sigmoid(x); x * Phi(x) by erf (Hendrycks and Gimpel 2016, arXiv:1606.08415); x *
// sigmoid(1.702 x).
at::Tensor activate(const at::Tensor& input, Activation activation);

}  // namespace sdw::ops
