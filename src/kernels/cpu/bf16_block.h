#pragma once

#include <cstddef>
#include <cstdint>

namespace sdw::kernels::cpu {

// Columns of a panel of bfloat16 weights, and what rows and depth of a block are multiples of: two tiles of
// AMX in each direction, two vectors of AVX-512.
inline constexpr std::size_t kBf16Columns = 32, kBf16Rows = 32, kBf16Depth = 32;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

// A panel lies as [depth / 2][kBf16Columns][2]: the layout that AVX512-BF16 and AMX multiply from.
constexpr std::size_t bf16_panel_size(std::size_t depth) {
  return depth * kBf16Columns;
}

// One block of a product of bfloat16 matrices with float32 sums:
//   c[r, 32 p + n] (+)= sum over s, k of a[r * a_stride + offsets[s] + k] * panel p[s * depth + k, n].
// A matrix product has one segment; a 3x3 convolution has nine, whose offsets lead to its neighbours.
struct Bf16Block {
  const std::uint16_t* a = nullptr;
  std::size_t a_stride = 0;
  std::size_t rows = 0;                     // a multiple of kBf16Rows, all of them readable in `a`
  const std::ptrdiff_t* offsets = nullptr;  // [segments]
  std::size_t segments = 0;
  std::size_t depth = 0;  // of a segment, a multiple of kBf16Depth
  const std::uint16_t* panels = nullptr;
  std::size_t panel_stride = 0;
  std::size_t panel_count = 0;
  float* c = nullptr;  // [rows, c_stride]
  std::size_t c_stride = 0;
  bool add = false;  // to what `c` holds
};

// What multiplies bfloat16 in this CPU.
enum class Bf16Unit {
  none,    // weights are widened to float32 in registers, inputs stay float32
  avx512,  // AVX512-BF16's pairwise dot product
  amx,     // tiles
};

// Has this CPU (and, for AMX, this system: it must lend the tile registers) that unit?
bool has_bf16_unit(Bf16Unit unit);
// The one in use. Where none has been chosen: AMX, then AVX512-BF16 on AMD (on Intel's cores it is slower
// than float32), then none.
Bf16Unit bf16_unit();
void choose_bf16_unit(Bf16Unit unit);

// Precondition: the unit in use is not `none`.
void multiply_bf16(const Bf16Block& block);
// `count` floats rounded to the nearest bfloat16. Precondition: as above.
void to_bf16(const float* from, std::size_t count, std::uint16_t* to);

}  // namespace sdw::kernels::cpu
