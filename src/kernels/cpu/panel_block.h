#pragma once

#include <cstddef>
#include <cstdint>

#include "support/round_up.h"

namespace sdw::kernels::cpu {

// Weights of fewer bits than float32, packed as multiplying instructions read them: AVX512-BF16, AVX512-VNNI
// and AMX all want the values of 4 bytes of the depth side by side.
enum class PanelType {
  bf16,  // products of bfloat16, sums in float32
  int8   // products of unsigned (inputs) and signed (weights) bytes, sums in int32
};

// What a row of inputs or a column of weights is counted in: one bfloat16 or two bytes.
using Word = std::uint16_t;

// Columns of a panel, and what rows and depth of a block are multiples of: two tiles of AMX in each
// direction.
inline constexpr std::size_t kPanelColumns = 32, kBlockRows = 32, kDepthWords = 32;

// Depth in words of a piece of a panel that stays in the first-level cache.
inline constexpr std::size_t kPieceWords = 640;

// Words that `depth` values take, filled up to the end of a block.
constexpr std::size_t depth_words(PanelType type, std::size_t depth) {
  return round_up(type == PanelType::int8 ? (depth + 1) / 2 : depth, kDepthWords);
}

// A panel lies as [words / 2][kPanelColumns][2].
constexpr std::size_t panel_words(std::size_t depth_words) {
  return depth_words * kPanelColumns;
}

// What rows, depth (in words) and columns of a block are multiples of, by the unit in use.
struct BlockUnits {
  std::size_t rows, depth, columns;
};

// One block of a product:
//   c[r, 32 p + n] (+)= sum over s, k of a[r * a_stride + offsets[s] + k] * panel p[s * depth + k, n].
// A matrix product has one segment; a 3x3 convolution has nine, whose offsets lead to its neighbours.
// Lengths, strides and offsets are in words.
struct PanelBlock {
  PanelType type = PanelType::bf16;
  const Word* a = nullptr;
  std::size_t a_stride = 0;
  std::size_t rows = 0;                     // a multiple of block_units().rows, all readable in `a`
  const std::ptrdiff_t* offsets = nullptr;  // [segments]
  std::size_t segments = 0;
  std::size_t depth = 0;  // of a segment, a multiple of block_units().depth
  const Word* panels = nullptr;
  std::size_t panel_stride = 0;
  std::size_t columns = kPanelColumns;  // a multiple of block_units().columns
  float* c = nullptr;                   // [rows, c_stride]; of int8, the bits of std::int32_t
  std::size_t c_stride = 0;
  bool add = false;  // to what `c` holds
};

// What multiplies panels in this CPU. Each has what those before it have, and all have AVX-512.
enum class PanelUnit {
  none,
  avx512_vnni,  // dot products of 4 bytes
  avx512_bf16,  // and of 2 bfloat16
  amx           // tiles of both
};

// Has this CPU (and, for AMX, this system: it must lend the tile registers) that unit?
bool has_panel_unit(PanelUnit unit);
// The one in use. Where none has been chosen: the last of the above that there is, but not AVX512-BF16 on
// Intel's cores, where it is slower than float32.
PanelUnit panel_unit();
void choose_panel_unit(PanelUnit unit);

BlockUnits block_units();
bool can_multiply(PanelType type);

// Precondition: can_multiply(block.type).
void multiply(const PanelBlock& block);
// `count` floats rounded to the nearest bfloat16. Precondition: can_multiply(PanelType::bf16).
void to_bf16(const float* from, std::size_t count, std::uint16_t* to);

}  // namespace sdw::kernels::cpu
