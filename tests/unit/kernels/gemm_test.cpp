#include "kernels/cpu/gemm.h"

#include <cmath>
#include <gtest/gtest.h>

#include "unit/kernels/bf16.h"
#include "unit/kernels/f16.h"
#include "unit/kernels/instruction_sets.h"
#include "unit/kernels/product.h"

namespace sdw::kernels::cpu {
namespace {

enum class Weights { f32, f16, bf16 };

// As a type has them; some are what float16 has as subnormals.
std::vector<float> random_weights(Weights type, std::size_t count) {
  auto values = random_values(count, 2);
  for (std::size_t i = 0; i < count; i += 5) values[i] *= 0x1p-17F;
  if (type == Weights::f16) return rounded_to_f16(values);
  return type == Weights::bf16 ? widened(to_nearest_bf16(values)) : values;
}

// Packed elements that the kernels are given; any that they read without its having been written shows.
template <class Element>
std::vector<Element> packed(const ProductCase& c, const std::vector<Element>& weight, Element not_a_number) {
  std::vector<Element> out(packed_size(c.columns, c.depth), not_a_number);
  pack_weight(weight.data(), c.columns, c.depth, out.data());
  return out;
}

void run(const Gemm& gemm) {
  const auto plan = plan_gemm(gemm, 2);
  std::vector<float> scratch(plan.thread_floats, NAN);
  for (std::size_t part = 0; part < plan.parts; ++part) gemm_part(gemm, plan, part, scratch.data());
}

void expect_equal_to_definition(const ProductCase& c, Weights type) {
  const auto input = random_values(c.rows * c.depth, 1), weight = random_weights(type, c.columns * c.depth);
  const auto bias = random_values(c.columns, 3), residual = random_values(c.rows * c.columns, 4);
  const auto expected = product_by_definition(c, input, weight, bias, residual);
  std::vector<float> output(expected.size(), NAN);
  const auto f32 = packed(c, weight, NAN);
  const auto f16 = packed(c, f16_of(weight), Half{0x7FFF});
  const auto bf16 = packed(c, to_nearest_bf16(weight), std::uint16_t{0x7FFF});
  run({.input = input.data(),
       .f32 = type == Weights::f32 ? f32.data() : nullptr,
       .f16 = type == Weights::f16 ? f16.data() : nullptr,
       .bf16 = type == Weights::bf16 ? bf16.data() : nullptr,
       .bias = c.bias ? bias.data() : nullptr,
       .residual = c.residual ? residual.data() : nullptr,
       .output = output.data(),
       .rows = c.rows,
       .depth = c.depth,
       .columns = c.columns,
       .geglu = c.geglu});
  EXPECT_LT(relative_error(output, expected), product_tolerance(c.depth))
      << c.rows << " x " << c.depth << " x " << c.columns << ", weights " << static_cast<int>(type);
}

void expect_equal_to_definition(const ProductCase& c) {
  for (const auto type : {Weights::f32, Weights::f16, Weights::bf16}) expect_equal_to_definition(c, type);
}

TEST(Gemm, EqualsTheDefinitionAtEveryEdgeOfItsBlocks) {
  with_every_instruction_set([] {
    for (const auto rows : {1, 2, 3, 5, 11, 12, 13, 47, 49, 100}) {
      for (const auto columns : {1, 7, 8, 15, 16, 31, 32, 33, 65, 300}) {
        expect_equal_to_definition(
            {static_cast<std::size_t>(rows), 37, static_cast<std::size_t>(columns), true, false});
      }
    }
  });
}

TEST(Gemm, NoRowsAreNoParts) {
  with_every_instruction_set(
      [] { EXPECT_EQ(plan_gemm({.rows = 0, .depth = 3, .columns = 40}, 2).parts, 0U); });
}

TEST(Gemm, AddsBiasAndResidualOnlyWhereGiven) {
  with_every_instruction_set([] {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) expect_equal_to_definition({29, 16, 40, bias, residual});
    }
  });
}

// Beside float32 rounding, the approximation of erfc allows 1.5e-7 of the gate.
TEST(Gemm, GatesTheFirstHalfByGeluOfTheSecond) {
  with_every_instruction_set([] {
    for (const std::size_t rows : {1, 13, 100}) {
      for (const std::size_t columns : {64, 192, 1280}) {
        for (const bool bias : {false, true}) {
          expect_equal_to_definition({rows, 19, columns, bias, false, true});
        }
      }
    }
  });
}

TEST(Gemm, LongSumsAreTakenInPieces) {
  with_every_instruction_set([] {
    for (const auto depth : {1, 159, 160, 161, 1279, 1280, 1281, 2560, 5120}) {
      expect_equal_to_definition({14, static_cast<std::size_t>(depth), 33, true, true});
    }
  });
}

TEST(Gemm, ManyRowsAndColumnsAreCutIntoParts) {
  with_every_instruction_set([] {
    expect_equal_to_definition({1000, 72, 40, true, false});
    expect_equal_to_definition({70, 330, 2100, true, false});
    expect_equal_to_definition({500, 40, 640, true, false, true});
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
