#pragma once

#include <ATen/core/Tensor.h>

namespace sdw::ops {

// Elementwise; two of one shape.
at::Tensor add(const at::Tensor& first, const at::Tensor& second);

}  // namespace sdw::ops
