#pragma once

#include <cstddef>
#include <cstdint>

namespace sdw::kernels::cpu {

// Elements that packed weights [columns, depth] take.
std::size_t bf16_packed_size(std::size_t columns, std::size_t depth);

// Packs `weight` [columns, depth], bfloat16, into panels (bf16_block.h) filled up with zeros, the same on
// every instruction set.
void pack_bf16_weight(const std::uint16_t* weight, std::size_t columns, std::size_t depth,
                      std::uint16_t* packed);

// output[r, c] = bias[c] + sum over k of input[r, k] * weight[c, k] (+ residual[r, c]); weights in bfloat16,
// sums in float32. Where the CPU multiplies bfloat16, the input is rounded to it; elsewhere it is not.
struct Bf16Gemm {
  const float* input = nullptr;           // [rows, depth]
  const std::uint16_t* packed = nullptr;  // of [columns, depth]
  const float* bias = nullptr;            // [columns] or null
  const float* residual = nullptr;        // [rows, columns] or null
  float* output = nullptr;                // [rows, columns]
  std::size_t rows = 0, depth = 0, columns = 0;
};

// The product is cut into independent parts; each thread brings `thread_floats` of scratch memory.
struct Bf16GemmPlan {
  std::size_t parts = 0;
  std::size_t thread_floats = 0;
  std::size_t block_rows = 0, block_panels = 0;  // of one part
};

Bf16GemmPlan plan_bf16_gemm(const Bf16Gemm& gemm);
void bf16_gemm_part(const Bf16Gemm& gemm, const Bf16GemmPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
