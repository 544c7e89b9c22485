#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/panel_pack.h"

namespace sdw::kernels::cpu {

// output[r, c] = bias[c] + sum over k of input[r, k] * weight[c, k] (+ residual[r, c]), weights of a type
// narrower than float32. The input is brought to that type too: rounded to bfloat16, or to bytes with a scale
// for each row. Precondition: can_multiply(type).
struct PanelGemm {
  PanelType type = PanelType::bf16;
  const float* input = nullptr;     // [rows, depth]
  const Word* packed = nullptr;     // packed_words(type, columns, 1, depth)
  const float* bias = nullptr;      // [columns] or null
  const float* residual = nullptr;  // [rows, columns] or null
  float* output = nullptr;          // [rows, columns]
  std::size_t rows = 0, depth = 0, columns = 0;
  bool geglu = false;  // as in Gemm
};

// The product is cut into independent parts; each thread brings `thread_floats` of scratch memory.
struct PanelGemmPlan {
  std::size_t parts = 0;
  std::size_t thread_floats = 0;
  std::size_t block_rows = 0, block_panels = 0;  // of one part
  std::size_t panels = 0;                        // of the output
};

PanelGemmPlan plan_panel_gemm(const PanelGemm& gemm, std::size_t threads);
void panel_gemm_part(const PanelGemm& gemm, const PanelGemmPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
