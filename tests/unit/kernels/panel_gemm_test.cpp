#include "kernels/cpu/panel_gemm.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>

#include "kernels/cpu/panel_block.h"
#include "unit/kernels/bf16.h"
#include "unit/kernels/instruction_sets.h"
#include "unit/kernels/int8.h"
#include "unit/kernels/product.h"

namespace sdw::kernels::cpu {
namespace {

struct Operands {
  std::vector<float> input, weight;  // as the definition has them
  std::vector<Word> packed;
};

// Rounding of the operands is part of the definition; bytes hold theirs exactly. Packed weights are full of
// NaNs at first, so that a part never written, or a fringe multiplied into a sum, shows.
Operands operands(PanelType type, const ProductCase& c) {
  Operands out;
  out.packed.assign(packed_words(type, c.columns, 1, c.depth), 0x7FFF);
  if (type == PanelType::int8) {
    out.input = exact_inputs(c.rows, c.depth, 1);
    out.weight = exact_weights(c.columns, c.depth, 2);
    pack_int8_panels(out.weight.data(), c.columns, 1, c.depth, out.packed.data());
    return out;
  }
  const auto weight = to_nearest_bf16(random_values(c.columns * c.depth, 2));
  out.input = random_values(c.rows * c.depth, 1);
  out.weight = widened(weight);
  pack_panels(weight.data(), c.columns, 1, c.depth, out.packed.data());
  return out;
}

std::vector<float> run(PanelType type, const ProductCase& c, const Operands& operands,
                       const std::vector<float>& bias, const std::vector<float>& residual) {
  std::vector<float> output(c.rows * c.columns / (c.geglu ? 2 : 1), NAN);
  const PanelGemm gemm{.type = type,
                       .input = operands.input.data(),
                       .packed = operands.packed.data(),
                       .bias = c.bias ? bias.data() : nullptr,
                       .residual = c.residual ? residual.data() : nullptr,
                       .output = output.data(),
                       .rows = c.rows,
                       .depth = c.depth,
                       .columns = c.columns,
                       .geglu = c.geglu};
  const GemmPlan plan = plan_panel_gemm(gemm, 2);
  std::vector<float> scratch(plan.thread_floats, NAN);
  for (std::size_t part = 0; part < plan.parts; ++part) panel_gemm_part(gemm, plan, part, scratch.data());
  return output;
}

void expect_equal_to_definition(const ProductCase& c) {
  const auto bias = random_values(c.columns, 3), residual = random_values(c.rows * c.columns, 4);
  for (const auto type : {PanelType::bf16, PanelType::int8}) {
    if (!can_multiply(type)) continue;
    const Operands given = operands(type, c);
    const auto rounded = type == PanelType::bf16 ? widened(to_nearest_bf16(given.input)) : given.input;
    EXPECT_LT(relative_error(run(type, c, given, bias, residual),
                             product_by_definition(c, rounded, given.weight, bias, residual)),
              product_tolerance(c.depth))
        << (type == PanelType::int8 ? "bytes, " : "bfloat16, ") << c.rows << " x " << c.depth << " x "
        << c.columns;
  }
}

TEST(PanelGemm, EqualsTheDefinitionAtEveryEdgeOfItsBlocks) {
  with_every_instruction_set([] {
    for (const auto rows : {1, 2, 3, 15, 16, 17, 31, 32, 33, 100}) {
      for (const auto columns : {1, 7, 16, 31, 32, 33, 65, 300}) {
        expect_equal_to_definition({static_cast<std::size_t>(rows), 37, static_cast<std::size_t>(columns)});
      }
    }
  });
}

TEST(PanelGemm, AddsBiasAndResidualOnlyWhereGiven) {
  with_every_instruction_set([] {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) expect_equal_to_definition({29, 16, 40, bias, residual});
    }
  });
}

TEST(PanelGemm, GatesTheFirstHalfByGeluOfTheSecond) {
  with_every_instruction_set([] {
    for (const std::size_t rows : {1, 33, 300}) {
      for (const std::size_t columns : {64, 192, 1280}) {
        for (const bool bias : {false, true})
          expect_equal_to_definition({rows, 67, columns, bias, false, true});
      }
    }
  });
}

TEST(PanelGemm, LongSumsAreTakenInPieces) {
  with_every_instruction_set([] {
    for (const auto depth : {1, 2, 31, 32, 63, 64, 65, 639, 640, 641, 1280, 2563}) {
      expect_equal_to_definition({14, static_cast<std::size_t>(depth), 33, true, true});
    }
  });
}

TEST(PanelGemm, ManyRowsAreCutIntoParts) {
  with_every_instruction_set([] {
    expect_equal_to_definition({5000, 72, 40});
    expect_equal_to_definition({70, 4100, 2100});
  });
}

// Of bytes over standard normal values: steps of about 1/40 in both operands, evenly spread errors of
// step / sqrt(12) each, against a product of standard deviation 1 a term.
TEST(PanelGemm, BytesOfAnyValuesAreCloseToTheProduct) {
  with_every_instruction_set([] {
    if (!can_multiply(PanelType::int8)) return;
    const ProductCase c{64, 640, 96, false, false};
    Operands given;
    given.input = random_values(c.rows * c.depth, 1);
    given.weight = random_values(c.columns * c.depth, 2);
    given.packed.resize(packed_words(PanelType::int8, c.columns, 1, c.depth));
    pack_int8_panels(given.weight.data(), c.columns, 1, c.depth, given.packed.data());
    EXPECT_LT(relative_error(run(PanelType::int8, c, given, {}, {}),
                             product_by_definition(c, given.input, given.weight, {}, {})),
              0.02);
  });
}

TEST(PanelGemm, BytesOfNothingButZerosAreZero) {
  with_every_instruction_set([] {
    if (!can_multiply(PanelType::int8)) return;
    const ProductCase c{3, 70, 5, false, false};
    Operands given{std::vector<float>(c.rows * c.depth), std::vector<float>(c.columns * c.depth), {}};
    given.packed.resize(packed_words(PanelType::int8, c.columns, 1, c.depth));
    pack_int8_panels(given.weight.data(), c.columns, 1, c.depth, given.packed.data());
    EXPECT_EQ(run(PanelType::int8, c, given, {}, {}), std::vector<float>(c.rows * c.columns));
  });
}

TEST(PanelBlock, RoundsToTheNearestEven) {
  with_every_instruction_set([] {
    if (!can_multiply(PanelType::bf16)) return;
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
