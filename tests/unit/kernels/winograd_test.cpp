#include "kernels/cpu/winograd.h"

#include <cmath>
#include <gtest/gtest.h>

#include "kernels/cpu/panel_block.h"
#include "unit/kernels/bf16.h"
#include "unit/kernels/conv_by_definition.h"
#include "unit/kernels/f16.h"
#include "unit/kernels/instruction_sets.h"
#include "unit/kernels/int8.h"

namespace sdw::kernels::cpu {
namespace {

// F(4x4, 3x3) loses two to three bits against a direct float32 sum, F(6x6, 3x3) four to five; the direct one
// is within 1e-6 at these depths.
constexpr double kTolerance = 1e-5, kLargeTileTolerance = 4e-5;
// Where transformed values are rounded to bfloat16: both factors are wrong by up to 2^-9, the transforms make
// about five times as much of it, and sums of few channels do not average it out.
constexpr double kBf16Tolerance = 4e-2;

struct Case {
  std::size_t batch, height, width, in_channels, out_channels;
  bool bias = true, residual = false, upsample = false;
  std::size_t threads = 2;
};

enum class Filters { f32, f16, bf16, exact_bf16, int8 };

void expect_equal_to_definition(const Case& c, Filters filters) {
  const std::size_t scale = c.upsample ? 2 : 1;
  const std::size_t outputs = c.batch * c.height * c.width * scale * scale * c.out_channels;
  const auto input = random_values(c.batch * c.height * c.width * c.in_channels, 1);
  const auto weight = filters == Filters::int8 ? exact_weights(c.out_channels, 9 * c.in_channels, 2)
                                               : random_values(c.out_channels * 9 * c.in_channels, 2);
  const auto bias = random_values(c.out_channels, 3), residual = random_values(outputs, 4);
  std::vector<float> output(outputs, NAN);
  const auto rounded = to_nearest_bf16(weight);
  std::vector<float> packed(winograd_weight_size(c.out_channels, c.in_channels), NAN);
  const auto halves = f16_of(rounded_to_f16(weight));
  std::vector<Half> packed_f16(packed.size(), Half{0x7FFF});
  std::vector<std::uint16_t> packed_bf16(packed.size(), 0x7FFF);
  std::vector<std::int8_t> packed_int8(winograd_int8_weight_size(c.out_channels, c.in_channels), 0x55);
  pack_winograd_weight(weight.data(), c.out_channels, c.in_channels, packed.data());
  pack_winograd_weight(weight.data(), c.out_channels, c.in_channels, packed_int8.data());
  pack_winograd_weight(halves.data(), c.out_channels, c.in_channels, packed_f16.data());
  pack_winograd_weight(rounded.data(), c.out_channels, c.in_channels, packed_bf16.data());
  const bool bf16 = filters == Filters::bf16 || filters == Filters::exact_bf16;
  const auto known = bf16 ? widened(rounded) : filters == Filters::f16 ? rounded_to_f16(weight) : weight;
  const WinogradConv conv{.input = input.data(),
                          .weight = filters == Filters::f32 ? packed.data() : nullptr,
                          .f16_weight = filters == Filters::f16 ? packed_f16.data() : nullptr,
                          .bf16_weight = bf16 ? packed_bf16.data() : nullptr,
                          .int8_weight = filters == Filters::int8 ? packed_int8.data() : nullptr,
                          .exact = filters == Filters::exact_bf16,
                          .bias = c.bias ? bias.data() : nullptr,
                          .residual = c.residual ? residual.data() : nullptr,
                          .output = output.data(),
                          .batch = c.batch,
                          .in_height = c.height,
                          .in_width = c.width,
                          .in_channels = c.in_channels,
                          .out_height = scale * c.height,
                          .out_width = scale * c.width,
                          .out_channels = c.out_channels,
                          .upsample = c.upsample};
  const auto plan = plan_winograd(conv, c.threads);
  std::vector<float> shared(plan.shared_floats, NAN), own(plan.thread_floats, NAN);
  for (std::size_t chunk = 0; chunk < plan.chunks; ++chunk) {
    for (std::size_t part = 0; part < plan.first_parts; ++part) {
      winograd_first_part(conv, plan, chunk, part, shared.data());
    }
    for (std::size_t part = 0; part < plan.second_parts; ++part) {
      winograd_second_part(conv, plan, chunk, part, shared.data(), own.data());
    }
  }
  const bool rounds = (filters == Filters::bf16 || filters == Filters::int8) && can_multiply(PanelType::bf16);
  const double tolerance = rounds ? kBf16Tolerance : plan.out_tile == 6 ? kLargeTileTolerance : kTolerance;
  EXPECT_LT(relative_error(output, conv_by_definition(conv, known)), tolerance)
      << c.batch << " pictures of " << c.height << " x " << c.width << ", " << c.in_channels << " to "
      << c.out_channels;
}

void expect_equal_to_definition(const Case& c) {
  for (const auto filters : {Filters::f32, Filters::f16, Filters::bf16, Filters::exact_bf16, Filters::int8}) {
    expect_equal_to_definition(c, filters);
  }
}

TEST(Winograd, EqualsTheDefinitionAtEveryEdgeOfItsTiles) {
  with_every_instruction_set([] {
    for (const auto height : {1, 3, 4, 5, 9}) {
      for (const auto width : {1, 2, 4, 6, 8, 13}) {
        expect_equal_to_definition(
            {1, static_cast<std::size_t>(height), static_cast<std::size_t>(width), 5, 7});
      }
    }
  });
}

TEST(Winograd, EqualsTheDefinitionForAnyNumberOfChannels) {
  with_every_instruction_set([] {
    for (const auto in : {1, 3, 8, 16, 17, 33, 320}) {
      for (const auto out : {1, 4, 15, 16, 32, 40, 65}) {
        expect_equal_to_definition({2, 6, 7, static_cast<std::size_t>(in), static_cast<std::size_t>(out)});
      }
    }
  });
}

TEST(Winograd, EqualsTheDefinitionForAnyNumberOfTiles) {
  with_every_instruction_set([] {
    for (std::size_t tiles = 1; tiles <= 33; ++tiles) expect_equal_to_definition({1, 4, 4 * tiles, 160, 5});
  });
}

TEST(Winograd, AddsBiasAndResidualOnlyWhereGiven) {
  with_every_instruction_set([] {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) expect_equal_to_definition({1, 5, 5, 12, 20, bias, residual});
    }
  });
}

TEST(Winograd, UpsamplesWithoutWritingTheLargerPicture) {
  with_every_instruction_set([] {
    for (const auto size : {1, 2, 3, 5, 8, 11, 12, 13}) {
      const auto side = static_cast<std::size_t>(size);
      expect_equal_to_definition({2, side, side + 1, 12, 20, true, false, true});
    }
    for (const auto channels : {1, 17, 160}) {
      const auto in = static_cast<std::size_t>(channels);
      expect_equal_to_definition({1, 18, 15, in, 35, false, true, true});
    }
    expect_equal_to_definition({1, 50, 60, 40, 8, true, false, true});  // several groups of tiles
    expect_equal_to_definition({1, 90, 80, 16, 3, true, false, true});  // shared filters
  });
}

TEST(Winograd, EqualsTheDefinitionWhereFiltersAreShared) {
  with_every_instruction_set([] { expect_equal_to_definition({1, 200, 160, 16, 3}); });
}

TEST(Winograd, LargePicturesOfFewChannelsHaveLargeTiles) {
  const auto out_tile = [](std::size_t side, std::size_t channels) {
    const std::vector<float> weight(winograd_weight_size(channels, channels));
    const WinogradConv conv{.weight = weight.data(),
                            .batch = 1,
                            .in_height = side,
                            .in_width = side,
                            .in_channels = channels,
                            .out_height = side,
                            .out_width = side,
                            .out_channels = channels};
    return plan_winograd(conv, 1).out_tile;
  };
  with_every_instruction_set([&] {
    EXPECT_EQ(out_tile(252, 32), 6);
    EXPECT_EQ(out_tile(8, 32), 4);
    EXPECT_EQ(out_tile(252, 512), 4);
    for (const std::size_t height : {121, 125}) {
      for (const std::size_t width : {128, 130}) {
        expect_equal_to_definition({1, height, width, 19, 5, true, true, false, 1}, Filters::f32);
        expect_equal_to_definition({1, height / 2, width / 2, 19, 5, true, false, true, 1}, Filters::f32);
      }
    }
  });
}

TEST(Winograd, PartsOfSeveralGroupsOfTilesTransformTheirFiltersOnce) {
  with_every_instruction_set([] { expect_equal_to_definition({1, 60, 60, 16, 300}); });
}

// So many threads that the filters would not be worth sharing.
TEST(Winograd, LargePicturesAreDoneInChunks) {
  with_every_instruction_set([] {
    expect_equal_to_definition(
        {.batch = 1, .height = 200, .width = 160, .in_channels = 64, .out_channels = 3, .threads = 1000});
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
