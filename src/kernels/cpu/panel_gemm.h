#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/gemm_plan.h"
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

// The same on every machine.
GemmPlan plan_panel_gemm(const PanelGemm& gemm, std::size_t threads);
void panel_gemm_part(const PanelGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
