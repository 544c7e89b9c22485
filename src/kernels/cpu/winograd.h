#pragma once

#include <cstddef>
#include <cstdint>

namespace sdw::kernels::cpu {

// A 3x3 convolution with padding 1 and stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray
// 2015, arXiv:1509.09308): 36 products for 16 outputs instead of 144. Everything is channels-last float32,
// but perhaps the filters; where those are bfloat16, the transformed values are rounded to it too if the CPU
// multiplies it.
struct WinogradConv {
  const float* input = nullptr;                // [batch, in_height, in_width, in_channels]
  const float* weight = nullptr;               // packed filters, or null:
  const std::uint16_t* bf16_weight = nullptr;  // the same in bfloat16
  const float* bias = nullptr;                 // [out_channels] or null
  const float* residual = nullptr;             // of the output's shape, or null; added
  float* output = nullptr;                     // [batch, out_height, out_width, out_channels]
  std::size_t batch = 0, in_height = 0, in_width = 0, in_channels = 0;
  std::size_t out_height = 0, out_width = 0, out_channels = 0;
  // Nearest-neighbour upsampling to twice before the convolution, without writing it: out_* = 2 * in_*.
  bool upsample = false;
};

// Elements that packed filters take.
std::size_t winograd_weight_size(std::size_t out_channels, std::size_t in_channels);
// `weight` [out_channels, 3, 3, in_channels] -> for each block of output channels [in_channels, 3, 3, block],
// filled up with zeros. The block is that of the instruction set in use: packed weights stay in the process
// that made them.
void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          float* packed);
void pack_winograd_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                          std::uint16_t* packed);

// The tiles are cut into chunks, each worked on in two phases whose parts are independent: first every part
// of phase one, then every part of phase two, then the next chunk. `scratch` holds `scratch_floats` floats,
// shared by all threads; each thread brings `thread_floats` of its own.
struct WinogradPlan {
  std::size_t chunks = 0;
  std::size_t chunk_tiles = 0;   // of a full chunk
  std::size_t tile_parts = 0;    // parts of phase one: input transforms
  std::size_t group_tiles = 0;   // of one part of phase two
  std::size_t output_parts = 0;  // parts of phase two: blocks of output channels of groups of tiles
  std::size_t scratch_floats = 0;
  std::size_t thread_floats = 0;
};

WinogradPlan plan_winograd(const WinogradConv& conv);
void winograd_input_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                         std::size_t part, float* scratch);
void winograd_output_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                          std::size_t part, const float* scratch, float* thread_scratch);

}  // namespace sdw::kernels::cpu
