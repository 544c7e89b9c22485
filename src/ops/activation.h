#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

namespace sdw::ops {

enum class Activation { silu, gelu, quick_gelu };

at::Tensor activate(const at::Tensor& input, Activation activation);

}  // namespace sdw::ops
