#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/gemm_plan.h"
#include "kernels/cpu/rounding.h"
#include "kernels/cpu/tile_geometry.h"

namespace sdw::kernels::cpu {

// Elements that packed weights [columns, depth] take.
std::size_t packed_size(std::size_t columns, std::size_t depth);

// Packs `weight` [columns, depth] into panels of neighbouring columns, each [depth, panel width], the last
// one filled up with zeros. The layout is that of the instruction set in use: packed weights stay in the
// process that made them.
void pack_weight(const float* weight, std::size_t columns, std::size_t depth, float* packed);
void pack_weight(const Half* weight, std::size_t columns, std::size_t depth, Half* packed);
void pack_weight(const std::uint16_t* weight, std::size_t columns, std::size_t depth, std::uint16_t* packed);

// output[r, c] = bias[c] + sum over k of input[r, k] * weight[c, k] (+ residual[r, c]), in float32.
struct Gemm {
  const float* input = nullptr;  // [rows, depth]
  // Packed weights: one of these. Those of 16 bits are widened as they are read.
  const float* f32 = nullptr;
  const Half* f16 = nullptr;
  const std::uint16_t* bf16 = nullptr;
  const float* bias = nullptr;      // [columns] or null
  const float* residual = nullptr;  // [rows, columns] or null
  float* output = nullptr;          // [rows, columns]
  std::size_t rows = 0, depth = 0, columns = 0;
  // GEGLU: the first half of the columns times gelu of the second; output [rows, columns / 2], no residual.
  // Precondition: columns is a multiple of kGegluColumns.
  bool geglu = false;
};

inline constexpr std::size_t kGegluColumns = 64;  // halves are whole panels of every instruction set

// Of the instruction set in use.
TileGeometry tile_geometry();

// For this machine, and for any: of the operands only the sizes count.
GemmPlan plan_gemm(const Gemm& gemm, std::size_t threads);
GemmPlan plan_gemm(const Gemm& gemm, std::size_t threads, const CacheSizes& caches,
                   const TileGeometry& geometry);
void gemm_part(const Gemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
