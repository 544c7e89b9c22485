#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>

#include "ops/linear.h"

namespace sdw::models {

// A channels-last picture [B, C, H, W] seen as tokens [B, H * W, C], and back. Neither moves anything.
at::Tensor to_tokens(const at::Tensor& picture);
at::Tensor to_picture(const at::Tensor& tokens, std::int64_t height, std::int64_t width);

// A 1x1 convolution of a channels-last picture.
at::Tensor pointwise(const at::Tensor& picture, const ops::LinearWeight& weight);

}  // namespace sdw::models
