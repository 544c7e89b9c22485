#include "kernels/cpu/panel_conv.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "kernels/cpu/panel_block.h"
#include "unit/kernels/bf16.h"
#include "unit/kernels/conv_by_definition.h"
#include "unit/kernels/instruction_sets.h"
#include "unit/kernels/int8.h"

namespace sdw::kernels::cpu {
namespace {

struct Case {
  std::size_t batch, height, width, in_channels, out_channels;
  bool bias = true, residual = false, upsample = false;
  std::size_t stride = 1, padding = 1, padding_end = 1;
};

// Float32 sums of up to 9 * 2560 products of operands whose rounding is part of the definition.
constexpr double kTolerance = 1e-5;

void expect_equal_to_definition(PanelType type, const Case& c) {
  const auto output_size = [&](std::size_t input) {
    return (input * (c.upsample ? 2 : 1) + c.padding + c.padding_end - 3) / c.stride + 1;
  };
  const std::size_t outputs = c.batch * output_size(c.height) * output_size(c.width) * c.out_channels;
  const std::size_t row = c.width * c.in_channels, filter = 9 * c.in_channels;
  const auto bias = random_values(c.out_channels, 3), residual = random_values(outputs, 4);
  std::vector<Word> packed(packed_words(type, c.out_channels, 9, c.in_channels), 0x7FFF);
  std::vector<float> input, weight;
  if (type == PanelType::int8) {
    // Every row has the same range of 256 values, whatever rows share a scale.
    input = exact_inputs(1, row * c.batch * c.height, 1);
    const auto [low, high] = std::minmax_element(input.begin(), input.end());
    const float least = *low, largest = *high;
    for (std::size_t y = 0; y < c.batch * c.height && row > 1; ++y) {
      input[y * row] = largest;
      input[y * row + row - 1] = least;
    }
    weight = exact_weights(c.out_channels, filter, 2);
    pack_int8_panels(weight.data(), c.out_channels, 9, c.in_channels, packed.data());
  } else {
    const auto rounded = to_nearest_bf16(random_values(c.out_channels * filter, 2));
    input = widened(to_nearest_bf16(random_values(c.batch * c.height * row, 1)));
    weight = widened(rounded);
    pack_panels(rounded.data(), c.out_channels, 9, c.in_channels, packed.data());
  }
  std::vector<float> output(outputs, NAN);
  const PanelConv conv{.type = type,
                       .input = input.data(),
                       .packed = packed.data(),
                       .bias = c.bias ? bias.data() : nullptr,
                       .residual = c.residual ? residual.data() : nullptr,
                       .output = output.data(),
                       .batch = c.batch,
                       .in_height = c.height,
                       .in_width = c.width,
                       .in_channels = c.in_channels,
                       .out_height = output_size(c.height),
                       .out_width = output_size(c.width),
                       .out_channels = c.out_channels,
                       .upsample = c.upsample,
                       .stride = c.stride,
                       .padding = c.padding};
  const auto plan = plan_panel_conv(conv);
  std::vector<float> scratch(plan.thread_floats, NAN);
  for (std::size_t part = 0; part < plan.parts; ++part) panel_conv_part(conv, plan, part, scratch.data());
  EXPECT_LT(relative_error(output, conv_by_definition(conv, weight)), kTolerance)
      << (type == PanelType::int8 ? "bytes, " : "bfloat16, ") << c.batch << " pictures of " << c.height
      << " x " << c.width << ", " << c.in_channels << " to " << c.out_channels;
}

void expect_equal_to_definition(const Case& c) {
  for (const auto type : {PanelType::bf16, PanelType::int8}) {
    if (can_multiply(type)) expect_equal_to_definition(type, c);
  }
}

TEST(PanelConv, EqualsTheDefinitionForAnySize) {
  with_every_instruction_set([] {
    for (const auto height : {1, 2, 5, 9}) {
      for (const auto width : {1, 2, 6, 13, 33}) {
        expect_equal_to_definition(
            {2, static_cast<std::size_t>(height), static_cast<std::size_t>(width), 5, 7});
      }
    }
  });
}

TEST(PanelConv, EqualsTheDefinitionForAnyNumberOfChannels) {
  with_every_instruction_set([] {
    for (const auto in : {1, 16, 31, 32, 33, 63, 64, 65, 320, 700}) {
      for (const auto out : {1, 4, 31, 32, 33, 65}) {
        expect_equal_to_definition({1, 4, 7, static_cast<std::size_t>(in), static_cast<std::size_t>(out)});
      }
    }
  });
}

TEST(PanelConv, AddsBiasAndResidualOnlyWhereGiven) {
  with_every_instruction_set([] {
    for (const bool bias : {false, true}) {
      for (const bool residual : {false, true}) expect_equal_to_definition({1, 5, 5, 12, 20, bias, residual});
    }
  });
}

TEST(PanelConv, UpsamplesWithoutWritingTheLargerPicture) {
  with_every_instruction_set([] {
    for (const auto size : {1, 2, 3, 5, 8}) {
      const auto side = static_cast<std::size_t>(size);
      expect_equal_to_definition({2, side, side + 1, 12, 20, true, false, true});
    }
  });
}

TEST(PanelConv, EqualsTheDefinitionWithStride2) {
  with_every_instruction_set([] {
    for (const std::size_t padding : {0, 1}) {
      for (const std::size_t padding_end : {0, 1}) {
        for (const std::size_t height : {3, 4, 9}) {
          for (const std::size_t width : {3, 8, 13, 66}) {
            for (const bool upsample : {false, true}) {
              expect_equal_to_definition(
                  {2, height, width, 37, 34, true, padding == 0, upsample, 2, padding, padding_end});
            }
          }
        }
      }
    }
    expect_equal_to_definition({1, 131, 200, 32, 3, true, false, false, 2, 0, 1});
  });
}

TEST(PanelConv, LargePicturesAreCutIntoParts) {
  with_every_instruction_set([] { expect_equal_to_definition({1, 200, 300, 32, 3}); });
}

}  // namespace
}  // namespace sdw::kernels::cpu
