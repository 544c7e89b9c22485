#pragma once

#include <ATen/core/Tensor.h>
#include <array>
#include <cstdint>

#include "ops/precision.h"

namespace sdw::ops {

struct Conv2dShape {
  int stride = 1;
  int padding = 0;
  // Zeros added on the right and bottom only (diffusers' VAE Downsample2D pads (0, 1, 0, 1)).
  int padding_end = 0;
};

// Height or width of an output.
inline std::int64_t output_size(std::int64_t input, std::int64_t kernel, const Conv2dShape& shape) {
  return (input + 2 * shape.padding + shape.padding_end - kernel) / shape.stride + 1;
}

enum class Conv2dLayout {
  plain,                // [C_out, C_in, kh, kw], channels-last, for ATen
  gathered,             // a LinearWeight's exact_layout() of [C_out, 9 C_in], for matrix_conv2d
  summed,               // the same of [9 C_out, C_in]
  winograd,             // float32, packed for kernels::cpu::winograd_second_part
  winograd_f16,         // float16 as in the file, packed for the same
  winograd_bf16,        // bfloat16, packed for the same
  winograd_exact_bf16,  // bfloat16 as in the file, packed for the same, multiplied in float32
  winograd_int8,        // bytes, packed for the same
  bf16_panels,          // bfloat16, packed for kernels::cpu::panel_conv_part
  int8_panels           // bytes, packed for the same
};

// A convolution prepared at load for the arithmetic chosen for it. Undefined tensors mean "not loaded".
struct Conv2dWeight {
  at::Tensor weight;  // as `layout` says
  at::Tensor bias;    // [C_out] or undefined
  Conv2dShape shape;
  std::array<std::int64_t, 4> filters{};  // C_out, C_in, kh, kw
  Conv2dLayout layout = Conv2dLayout::plain;
};

// `weight` [C_out, C_in, kh, kw] and `bias` [C_out] (or undefined) in any float type, as read from the file.
Conv2dWeight prepare_conv2d(const at::Tensor& weight, const at::Tensor& bias, Conv2dShape shape,
                            const Placement& where);

// `input` [B, C_in, H, W] channels-last -> [B, C_out, H', W'] channels-last.
at::Tensor conv2d(const at::Tensor& input, const Conv2dWeight& weight);
// The same plus `residual` of the output's shape. A residual that nobody else holds is overwritten.
at::Tensor conv2d_add(const at::Tensor& input, const Conv2dWeight& weight, at::Tensor residual);
// Nearest-neighbour upsampling to twice (or to [height, width]) followed by a 3x3 convolution.
at::Tensor upsample_conv2d(const at::Tensor& input, const Conv2dWeight& weight, int height, int width);

}  // namespace sdw::ops
