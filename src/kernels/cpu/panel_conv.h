#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/panel_pack.h"

namespace sdw::kernels::cpu {

// A 3x3 convolution as nine shifted products of matrices of a type narrower than float32. Input and output
// are channels-last float32; the input is brought to that type, with a border of zeros, a few rows at a time
// (bytes: with a scale for those rows). Precondition: can_multiply(type).
struct PanelConv {
  PanelType type = PanelType::bf16;
  const float* input = nullptr;     // [batch, in_height, in_width, in_channels]
  const Word* packed = nullptr;     // packed_words(type, out_channels, 9, in_channels)
  const float* bias = nullptr;      // [out_channels] or null
  const float* residual = nullptr;  // of the output's shape, or null; added
  float* output = nullptr;          // [batch, out_height, out_width, out_channels]
  std::size_t batch = 0, in_height = 0, in_width = 0, in_channels = 0;
  std::size_t out_height = 0, out_width = 0, out_channels = 0;
  // Nearest-neighbour upsampling to twice before the convolution, without writing it: out_* = 2 * in_*.
  bool upsample = false;
  std::size_t stride = 1;   // 1 or 2
  std::size_t padding = 1;  // rows above and columns to the left; at the other ends what the output needs
};

// The work is cut into independent parts; each thread brings `thread_floats` of scratch memory.
struct PanelConvPlan {
  std::size_t parts = 0;
  std::size_t thread_floats = 0;
  std::size_t block_rows = 0, block_panels = 0;  // of one part: rows of the picture, panels of weights
};

struct PanelConvPart {
  std::size_t image = 0;
  std::size_t first_row = 0, rows = 0;      // of the output
  std::size_t first_panel = 0, panels = 0;  // of the weights
};

// The same on every machine.
PanelConvPlan plan_panel_conv(const PanelConv& conv);
// Neighbouring parts share their rows. Precondition: part < plan.parts.
PanelConvPart part_of(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part);
void panel_conv_part(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
