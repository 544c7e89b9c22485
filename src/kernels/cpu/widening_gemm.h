#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/gemm_plan.h"
#include "kernels/cpu/rounding.h"

namespace sdw::kernels::cpu {

// Gemm (gemm.h) over weights of 16 bits, packed by its pack_weight(). They are widened to float32 as they are
// read: inputs and products are float32's.
struct WideningGemm {
  const float* input = nullptr;  // [rows, depth]
  // Packed weights: one of these.
  const Half* f16 = nullptr;
  const std::uint16_t* bf16 = nullptr;
  const float* bias = nullptr;      // [columns] or null
  const float* residual = nullptr;  // [rows, columns] or null
  float* output = nullptr;          // [rows, columns]
  std::size_t rows = 0, depth = 0, columns = 0;
  bool geglu = false;  // as in Gemm
};

GemmPlan plan_widening_gemm(const WideningGemm& gemm, std::size_t threads);
void widening_gemm_part(const WideningGemm& gemm, const GemmPlan& plan, std::size_t part, float* scratch);

}  // namespace sdw::kernels::cpu
