#include "kernels/cpu/pointwise.h"

#include <cmath>
#include <gtest/gtest.h>

#include "unit/kernels/instruction_sets.h"

namespace sdw::kernels::cpu {
namespace {

struct Case {
  std::size_t batch, pixels, channels, groups;
  bool shift = false, silu = false;
  float offset = 0.0F;  // of all values from zero
};

std::vector<double> by_definition(const GroupNorm& norm) {
  const std::size_t group_channels = norm.channels / norm.groups;
  std::vector<double> output(norm.batch * norm.pixels * norm.channels);
  for (std::size_t b = 0; b < norm.batch; ++b) {
    const auto value = [&](std::size_t pixel, std::size_t c) {
      const double shift = norm.shift != nullptr ? norm.shift[b * norm.channels + c] : 0.0;
      return shift + norm.input[(b * norm.pixels + pixel) * norm.channels + c];
    };
    for (std::size_t first = 0; first < norm.channels; first += group_channels) {
      double mean = 0, variance = 0;
      const auto count = static_cast<double>(norm.pixels * group_channels);
      for (std::size_t p = 0; p < norm.pixels; ++p)
        for (std::size_t c = first; c < first + group_channels; ++c) mean += value(p, c) / count;
      for (std::size_t p = 0; p < norm.pixels; ++p)
        for (std::size_t c = first; c < first + group_channels; ++c)
          variance += (value(p, c) - mean) * (value(p, c) - mean) / count;
      for (std::size_t p = 0; p < norm.pixels; ++p) {
        for (std::size_t c = first; c < first + group_channels; ++c) {
          const double x =
              (value(p, c) - mean) / std::sqrt(variance + norm.eps) * norm.weight[c] + norm.bias[c];
          output[(b * norm.pixels + p) * norm.channels + c] = norm.silu ? x / (1 + std::exp(-x)) : x;
        }
      }
    }
  }
  return output;
}

// Float32 rounding of the values themselves, which grows with their distance from zero, and in a group of one
// value, which has no variance, by what the root of eps makes of it.
void expect_equal_to_definition(const Case& c) {
  auto input = random_values(c.batch * c.pixels * c.channels, 1);
  for (float& value : input) value += c.offset;
  const auto shift = random_values(c.batch * c.channels, 2), weight = random_values(c.channels, 3),
             bias = random_values(c.channels, 4);
  std::vector<float> output(input.size(), NAN);
  const GroupNorm norm{.input = input.data(),
                       .shift = c.shift ? shift.data() : nullptr,
                       .weight = weight.data(),
                       .bias = bias.data(),
                       .output = output.data(),
                       .batch = c.batch,
                       .pixels = c.pixels,
                       .channels = c.channels,
                       .groups = c.groups,
                       .eps = 1e-5,
                       .silu = c.silu};
  const GroupNormPlan plan = plan_group_norm(norm);
  std::vector<float> scratch(plan.scratch_floats, NAN);
  for (std::size_t part = 0; part < plan.parts; ++part)
    group_norm_statistics_part(norm, plan, part, scratch.data());
  group_norm_finish(norm, plan, scratch.data());
  for (std::size_t part = 0; part < plan.parts; ++part)
    group_norm_apply_part(norm, plan, part, scratch.data());
  const double gain = c.pixels * c.channels == c.groups ? 1 / std::sqrt(norm.eps) : 0;
  EXPECT_LT(relative_error(output, by_definition(norm)), 2e-6 + 2e-7 * std::abs(c.offset) + 6e-8 * gain)
      << c.batch << " x " << c.pixels << " x " << c.channels << " in " << c.groups << " groups, around "
      << c.offset;
}

TEST(GroupNorm, EqualsTheDefinitionForAnyShape) {
  with_every_instruction_set([] {
    for (const auto pixels : {1, 2, 15, 64, 5000}) {
      for (const auto channels : {2, 6, 16, 34, 64, 130}) {
        expect_equal_to_definition(
            {2, static_cast<std::size_t>(pixels), static_cast<std::size_t>(channels), 2});
      }
    }
  });
}

TEST(GroupNorm, ShiftsBeforeAndActivatesAfter) {
  with_every_instruction_set([] {
    for (const bool shift : {false, true}) {
      for (const bool silu : {false, true}) expect_equal_to_definition({2, 50, 40, 8, shift, silu});
    }
  });
}

TEST(GroupNorm, ValuesFarFromZeroDoNotCancel) {
  with_every_instruction_set([] {
    expect_equal_to_definition({1, 4000, 32, 4, false, false, 1000.0F});
    expect_equal_to_definition({1, 4000, 32, 4, true, true, -300.0F});
  });
}

TEST(LayerNorm, EqualsTheDefinition) {
  with_every_instruction_set([] {
    for (const std::size_t width : {1, 3, 16, 33, 320, 1280}) {
      const std::size_t rows = 5;
      const auto input = random_values(rows * width, 1), weight = random_values(width, 2),
                 bias = random_values(width, 3);
      std::vector<float> output(input.size(), NAN);
      layer_norm(input.data(), rows, width, weight.data(), bias.data(), 1e-5, output.data());
      std::vector<double> expected(input.size());
      for (std::size_t r = 0; r < rows; ++r) {
        double mean = 0, variance = 0;
        const auto count = static_cast<double>(width);
        for (std::size_t i = 0; i < width; ++i) mean += input[r * width + i] / count;
        for (std::size_t i = 0; i < width; ++i)
          variance += (input[r * width + i] - mean) * (input[r * width + i] - mean) / count;
        for (std::size_t i = 0; i < width; ++i)
          expected[r * width + i] =
              (input[r * width + i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i];
      }
      EXPECT_LT(relative_error(output, expected), 2e-6) << width;
    }
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
