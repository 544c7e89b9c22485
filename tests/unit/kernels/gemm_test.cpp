#include "kernels/cpu/gemm.h"

#include <cmath>
#include <gtest/gtest.h>

#include "unit/kernels/gated.h"
#include "unit/kernels/instruction_sets.h"

namespace sdw::kernels::cpu {
namespace {

struct Case {
  std::size_t rows, depth, columns;
  bool bias, residual, geglu = false;
};

// A sum of `depth` products of unit normals in float32 against double: rounding grows with the square root of
// depth.
double tolerance(std::size_t depth) {
  return 4e-7 * std::sqrt(static_cast<double>(depth)) + 1e-6;
}

void expect_equal_to_definition(const Case& c) {
  const auto input = random_values(c.rows * c.depth, 1), weight = random_values(c.columns * c.depth, 2);
  const auto bias = random_values(c.columns, 3), residual = random_values(c.rows * c.columns, 4);
  std::vector<double> expected(c.rows * c.columns);
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t n = 0; n < c.columns; ++n) {
      double sum = (c.bias ? bias[n] : 0.0) + (c.residual ? residual[r * c.columns + n] : 0.0);
      for (std::size_t k = 0; k < c.depth; ++k) {
        sum += static_cast<double>(input[r * c.depth + k]) * weight[n * c.depth + k];
      }
      expected[r * c.columns + n] = sum;
    }
  }
  if (c.geglu) expected = gated(expected, c.columns);
  std::vector<float> packed(packed_floats(c.columns, c.depth), NAN), output(expected.size(), NAN);
  pack_weight(weight.data(), c.columns, c.depth, packed.data());
  const Gemm gemm{.input = input.data(),
                  .packed = packed.data(),
                  .bias = c.bias ? bias.data() : nullptr,
                  .residual = c.residual ? residual.data() : nullptr,
                  .output = output.data(),
                  .rows = c.rows,
                  .depth = c.depth,
                  .columns = c.columns,
                  .geglu = c.geglu};
  for (std::size_t part = 0; part < gemm_parts(gemm); ++part) gemm_part(gemm, part);
  EXPECT_LT(relative_error(output, expected), tolerance(c.depth))
      << c.rows << " x " << c.depth << " x " << c.columns;
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
        for (const bool bias : {false, true})
          expect_equal_to_definition({rows, 19, columns, bias, false, true});
      }
    }
  });
}

TEST(Gemm, LongSumsAreTakenInPieces) {
  with_every_instruction_set([] {
    for (const auto depth : {1, 1279, 1280, 1281, 2560, 5120}) {
      expect_equal_to_definition({14, static_cast<std::size_t>(depth), 33, true, true});
    }
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
