#pragma once

#include <cstddef>
#include <cstdint>

namespace sdw::kernels::cpu {

// A 3x3 convolution with padding 1 and stride 1 as nine shifted products of bfloat16 matrices with float32
// sums. Input and output are channels-last float32; the input is rounded to bfloat16, with a border of zeros,
// a few rows at a time. Precondition: the CPU multiplies bfloat16 (bf16_unit() is not `none`).
struct Bf16Conv {
  const float* input = nullptr;           // [batch, in_height, in_width, in_channels]
  const std::uint16_t* packed = nullptr;  // bf16_conv_weight_size(out_channels, in_channels)
  const float* bias = nullptr;            // [out_channels] or null
  const float* residual = nullptr;        // of the output's shape, or null; added
  float* output = nullptr;                // [batch, out_height, out_width, out_channels]
  std::size_t batch = 0, in_height = 0, in_width = 0, in_channels = 0;
  std::size_t out_height = 0, out_width = 0, out_channels = 0;
  // Nearest-neighbour upsampling to twice before the convolution, without writing it: out_* = 2 * in_*.
  bool upsample = false;
};

// Elements that packed weights take.
std::size_t bf16_conv_weight_size(std::size_t out_channels, std::size_t in_channels);
// `weight` [out_channels, 3, 3, in_channels], bfloat16.
void pack_bf16_conv_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                           std::uint16_t* packed);

// The work is cut into independent parts; each thread brings `thread_floats` of scratch memory.
struct Bf16ConvPlan {
  std::size_t parts = 0;
  std::size_t thread_floats = 0;
  std::size_t block_rows = 0, block_panels = 0;  // of one part: rows of the picture, panels of weights
};

Bf16ConvPlan plan_bf16_conv(const Bf16Conv& conv);
void bf16_conv_part(const Bf16Conv& conv, const Bf16ConvPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
