#pragma once

#include <cstddef>

namespace sdw::kernels::cpu {

// What plans know of an instruction set.
struct TileGeometry {
  std::size_t lanes = 0;          // floats of a vector
  std::size_t panel_width = 0;    // columns of a panel of weights
  std::size_t tile_rows = 0;      // of a register tile of float32 products
  std::size_t query_vectors = 0;  // of a block of queries in attention
};

// Of an instruction set by the floats of its vectors: those of 16 have 32 registers, whose accumulators hold
// 12 x 2 vectors of a product or 4 x 4 of attention; 16 registers hold 4 x 2 of either.
constexpr TileGeometry tile_geometry_of(std::size_t lanes) {
  const bool many_registers = lanes >= 16;
  return {lanes, 2 * lanes, many_registers ? std::size_t{12} : 4, many_registers ? std::size_t{4} : 2};
}

}  // namespace sdw::kernels::cpu
