#pragma once

#include <ATen/core/Tensor.h>

namespace sdw::ops {

// [B, C1, H, W] and [B, C2, H, W] -> [B, C1 + C2, H, W], channels-last if both are.
at::Tensor concat_channels(const at::Tensor& first, const at::Tensor& second);

}  // namespace sdw::ops
