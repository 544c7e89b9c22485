#include "kernels/cpu/bf16_gemm.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

#include "kernels/cpu/bf16_block.h"
#include "unit/kernels/bf16.h"
#include "unit/kernels/instruction_sets.h"

namespace sdw::kernels::cpu {
namespace {

struct Case {
  std::size_t rows, depth, columns;
  bool bias = true, residual = false;
};

// What rounding the float32 sums leaves.
double tolerance(std::size_t depth) {
  return 4e-7 * std::sqrt(static_cast<double>(depth)) + 1e-6;
}

void expect_equal_to_definition(const Case& c) {
  const auto input = random_values(c.rows * c.depth, 1), drawn = random_values(c.columns * c.depth, 2);
  const auto bias = random_values(c.columns, 3), residual = random_values(c.rows * c.columns, 4);
  const auto rounded_weight = to_nearest_bf16(drawn);
  const auto weight = widened(rounded_weight);
  // Rounding of the operands is part of the definition.
  const auto known = bf16_unit() == Bf16Unit::none ? input : widened(to_nearest_bf16(input));
  std::vector<double> expected(c.rows * c.columns);
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t n = 0; n < c.columns; ++n) {
      double sum = (c.bias ? bias[n] : 0.0) + (c.residual ? residual[r * c.columns + n] : 0.0);
      for (std::size_t k = 0; k < c.depth; ++k) {
        sum += static_cast<double>(known[r * c.depth + k]) * weight[n * c.depth + k];
      }
      expected[r * c.columns + n] = sum;
    }
  }
  // Full of NaNs, so that a part never written, or a fringe multiplied into a sum, shows.
  std::vector<std::uint16_t> packed(bf16_packed_size(c.columns, c.depth), 0x7FFF);
  pack_bf16_weight(rounded_weight.data(), c.columns, c.depth, packed.data());
  std::vector<float> output(c.rows * c.columns, NAN);
  const Bf16Gemm gemm{.input = input.data(),
                      .packed = packed.data(),
                      .bias = c.bias ? bias.data() : nullptr,
                      .residual = c.residual ? residual.data() : nullptr,
                      .output = output.data(),
                      .rows = c.rows,
                      .depth = c.depth,
                      .columns = c.columns};
  const Bf16GemmPlan plan = plan_bf16_gemm(gemm);
  std::vector<float> scratch(plan.thread_floats, NAN);
  for (std::size_t part = 0; part < plan.parts; ++part) bf16_gemm_part(gemm, plan, part, scratch.data());
  EXPECT_LT(relative_error(output, expected), tolerance(c.depth))
      << c.rows << " x " << c.depth << " x " << c.columns;
}

TEST(Bf16Gemm, EqualsTheDefinitionAtEveryEdgeOfItsBlocks) {
  with_every_instruction_set([] {
    for (const auto rows : {1, 2, 3, 15, 16, 17, 31, 32, 33, 100}) {
      for (const auto columns : {1, 7, 16, 31, 32, 33, 65, 300}) {
        expect_equal_to_definition({static_cast<std::size_t>(rows), 37, static_cast<std::size_t>(columns)});
      }
    }
  });
}

TEST(Bf16Gemm, AddsBiasAndResidualOnlyWhereGiven) {
  with_every_instruction_set([] {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) expect_equal_to_definition({29, 16, 40, bias, residual});
    }
  });
}

TEST(Bf16Gemm, LongSumsAreTakenInPieces) {
  with_every_instruction_set([] {
    for (const auto depth : {1, 2, 31, 32, 639, 640, 641, 1280, 2563}) {
      expect_equal_to_definition({14, static_cast<std::size_t>(depth), 33, true, true});
    }
  });
}

TEST(Bf16Gemm, ManyRowsAreCutIntoParts) {
  with_every_instruction_set([] {
    expect_equal_to_definition({5000, 72, 40});
    expect_equal_to_definition({70, 4100, 2100});
  });
}

TEST(Bf16Block, RoundsToTheNearestEven) {
  with_every_instruction_set([] {
    if (bf16_unit() == Bf16Unit::none) return;
    auto values = random_values(37, 5);
    values[0] = 0.0F, values[1] = -0.0F, values[2] = 1e30F, values[3] = INFINITY;
    values[4] = std::bit_cast<float>(0x3F808000U);  // halfway, down to even
    values[5] = std::bit_cast<float>(0x3F818000U);  // halfway, up to even
    std::vector<std::uint16_t> out(values.size() + 1, 0xABCD);
    to_bf16(values.data(), values.size(), out.data());
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(out[i], to_nearest_bf16(values[i])) << values[i];
    EXPECT_EQ(out.back(), 0xABCD);
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
