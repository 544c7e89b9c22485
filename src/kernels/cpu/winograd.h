#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/rounding.h"

namespace sdw::kernels::cpu {

// A 3x3 convolution with padding 1 and stride 1 by Winograd's minimal filtering (Lavin and Gray 2015,
// arXiv:1509.09308): F(4x4, 3x3) takes 36 products for 16 outputs instead of 144, F(6x6, 3x3) 64 for 36
// instead of 324, which large pictures of few channels use in float32. Of an upsampled picture 100 for 64
// instead of 576. Everything is channels-last float32, but perhaps the filters; where those are bfloat16 or
// bytes, transformed values are rounded to bfloat16 if the CPU multiplies it, unless `exact`.
struct WinogradConv {
  const float* input = nullptr;  // [batch, in_height, in_width, in_channels]
  // Packed filters: one of these.
  const float* weight = nullptr;
  const Half* f16_weight = nullptr;            // float16
  const std::uint16_t* bf16_weight = nullptr;  // bfloat16
  const std::int8_t* int8_weight = nullptr;    // bytes with a scale for each output channel
  bool exact = false;
  const float* bias = nullptr;      // [out_channels] or null
  const float* residual = nullptr;  // of the output's shape, or null; added
  float* output = nullptr;          // [batch, out_height, out_width, out_channels]
  std::size_t batch = 0, in_height = 0, in_width = 0, in_channels = 0;
  std::size_t out_height = 0, out_width = 0, out_channels = 0;
  // Nearest-neighbour upsampling to twice before the convolution, without writing it: out_* = 2 * in_*.
  bool upsample = false;
};

// Elements that packed filters take.
std::size_t winograd_weight_size(std::size_t out_channels, std::size_t in_channels);
std::size_t winograd_int8_weight_size(std::size_t out_channels, std::size_t in_channels);
// `weight` [out_channels, 3, 3, in_channels] -> for each block of output channels [in_channels, 3, 3, block],
// filled up with zeros. The block is that of the instruction set in use: packed weights stay in the process
// that made them.
void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          float* packed);
void pack_winograd_weight(const Half* weight, std::size_t out_channels, std::size_t in_channels,
                          Half* packed);
void pack_winograd_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                          std::uint16_t* packed);
// As bytes: each output channel has a scale of its own, by which its largest value becomes 127 (or -127).
void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          std::int8_t* packed);

// Two phases of independent parts: phase one transforms what all threads share, every part of phase two
// transforms the other operand for itself, multiplies and writes outputs. Filters are shared where they are
// few and the tiles many; phase one is then done once. Else the tiles are cut into chunks whose transformed
// inputs are shared, and the phases follow each other for every chunk. `shared` holds `shared_floats` floats;
// each thread brings `thread_floats` of its own.
struct WinogradPlan {
  enum class Shared { filters, inputs } shared = Shared::inputs;
  std::size_t out_tile = 0;  // side of the outputs of one tile, 4 or 6; 8 of an upsampled picture
  std::size_t points = 0;    // products that a tile takes for each pair of channels
  std::size_t chunks = 0;
  std::size_t chunk_tiles = 0;    // of a full chunk
  std::size_t group_tiles = 0;    // multiplied at a time
  std::size_t part_groups = 0;    // of one part of phase two where inputs are shared
  std::size_t part_channels = 0;  // input channels it multiplies at a time
  std::size_t first_parts = 0;    // blocks of filters, or some tiles each
  std::size_t second_parts = 0;   // groups of tiles, or a block of output channels of some groups each
  std::size_t shared_floats = 0;
  std::size_t thread_floats = 0;
};

WinogradPlan plan_winograd(const WinogradConv& conv, std::size_t threads);
void winograd_first_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                         std::size_t part, float* shared);
void winograd_second_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                          std::size_t part, const float* shared, float* thread);

}  // namespace sdw::kernels::cpu
