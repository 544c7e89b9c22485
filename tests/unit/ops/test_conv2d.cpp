#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/conv2d.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;

struct Case {
  std::int64_t in_channels, out_channels, kernel, height, width;
  Conv2dShape shape;
};

// By the definition, in double.
at::Tensor plain_conv2d(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                        Conv2dShape shape) {
  const std::int64_t kernel = weight.size(2);
  const std::int64_t border = 2 * shape.padding + shape.padding_end - kernel;
  const std::int64_t height = (input.size(2) + border) / shape.stride + 1;
  const std::int64_t width = (input.size(3) + border) / shape.stride + 1;
  at::Tensor out =
      at::zeros({input.size(0), weight.size(0), height, width}, at::TensorOptions().dtype(at::kDouble));
  auto out_at = out.accessor<double, 4>();
  auto in_at = input.accessor<float, 4>();
  auto weight_at = weight.accessor<float, 4>();
  auto bias_at = bias.accessor<float, 1>();
  for (std::int64_t b = 0; b < out.size(0); ++b)
    for (std::int64_t o = 0; o < out.size(1); ++o)
      for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x) {
          double sum = bias_at[o];
          for (std::int64_t i = 0; i < input.size(1); ++i)
            for (std::int64_t ky = 0; ky < kernel; ++ky)
              for (std::int64_t kx = 0; kx < kernel; ++kx) {
                const std::int64_t iy = y * shape.stride - shape.padding + ky;
                const std::int64_t ix = x * shape.stride - shape.padding + kx;
                if (iy < 0 || ix < 0 || iy >= input.size(2) || ix >= input.size(3)) continue;
                sum += static_cast<double>(in_at[b][i][iy][ix]) * weight_at[o][i][ky][kx];
              }
          out_at[b][o][y][x] = sum;
        }
  return out;
}

class Conv2dOfEveryType : public testing::TestWithParam<at::ScalarType> {};

INSTANTIATE_TEST_SUITE_P(Weights, Conv2dOfEveryType, testing::Values(at::kFloat, at::kHalf, at::kBFloat16));

TEST_P(Conv2dOfEveryType, EqualsTheDefinitionForEveryShapeTheModelsUse) {
  const Case cases[] = {{4, 8, 3, 7, 5, {1, 1, 0}},    {8, 8, 3, 8, 6, {2, 1, 0}},
                        {8, 8, 3, 9, 6, {2, 0, 1}},    {3, 5, 1, 4, 4, {1, 0, 0}},
                        {9, 16, 3, 1, 1, {1, 1, 0}},   {1, 1, 5, 6, 6, {1, 2, 0}},
                        {16, 24, 3, 9, 11, {1, 1, 0}}, {4, 32, 3, 7, 5, {1, 1, 0}},
                        {20, 3, 3, 1, 6, {1, 1, 0}},   {3, 16, 3, 6, 1, {1, 1, 0}}};
  for (const Case& c : cases) {
    const at::Tensor input = random_picture({2, c.in_channels, c.height, c.width});
    const at::Tensor weight =
        random_tensor({c.out_channels, c.in_channels, c.kernel, c.kernel}, 2).to(GetParam());
    const at::Tensor bias = random_tensor({c.out_channels}, 3);
    const Conv2dWeight prepared = prepare_conv2d(weight, bias, c.shape, {});
    const at::Tensor expected = plain_conv2d(input, weight.to(at::kFloat), bias, c.shape);
    const at::Tensor got = conv2d(input, prepared);
    EXPECT_LT(relative_error(got, expected), 1e-5)
        << c.in_channels << " to " << c.out_channels << ", " << c.kernel;
    EXPECT_TRUE(got.is_contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor residual = random_picture(expected.sizes(), 4);
    const at::Tensor sum = conv2d_add(input, prepared, residual);
    EXPECT_LT(relative_error(sum, expected.add(residual)), 1e-5);
    EXPECT_TRUE(residual.equal(random_picture(expected.sizes(), 4)));
    EXPECT_TRUE(conv2d_add(input, prepared, residual.clone()).equal(sum));  // in place
  }
}

// Both operands are rounded: to 8 bits of mantissa, or to a 127th of a channel's or some rows' largest value.
TEST(Conv2d, HalvesThePictureInEveryPrecision) {
  const std::pair<Precision, double> tolerances[] = {
      {Precision::exact, 1e-5}, {Precision::fast, 1e-2}, {Precision::int8, 3e-2}};
  for (const auto& [precision, tolerance] : tolerances) {
    for (const Conv2dShape shape : {Conv2dShape{2, 1, 0}, Conv2dShape{2, 0, 1}}) {
      for (const std::int64_t height : {3, 8, 13}) {
        const at::Tensor input = random_picture({2, 40, height, 10});
        const at::Tensor weight = random_tensor({24, 40, 3, 3}, 2), bias = random_tensor({24}, 3);
        const Conv2dWeight prepared = prepare_conv2d(weight, bias, shape, {.precision = precision});
        const at::Tensor expected = plain_conv2d(input, weight, bias, shape);
        const at::Tensor got = conv2d(input, prepared);
        EXPECT_LT(relative_error(got, expected), tolerance) << height;
        EXPECT_LT(relative_error(conv2d_add(input, prepared, got), expected.add(got)), tolerance);
      }
    }
  }
}

TEST(Conv2d, UpsamplingRepeatsTheNearestPixel) {
  const at::Tensor weight = random_tensor({4, 4, 3, 3}, 2);
  const Conv2dWeight prepared = prepare_conv2d(weight, random_tensor({4}, 3), {1, 1, 0}, {});
  const at::Tensor input = random_picture({1, 4, 3, 5});
  const at::Tensor twice = input.repeat_interleave(2, 2).repeat_interleave(2, 3);
  EXPECT_LT(relative_error(upsample_conv2d(input, prepared, 6, 10), conv2d(twice, prepared)), 1e-6);
  // Five rows from three: 0, 0, 1, 1, 2 (the reference's floor(row * 3 / 5)).
  const at::Tensor odd = twice.narrow(2, 0, 5);
  EXPECT_LT(relative_error(upsample_conv2d(input, prepared, 5, 10), conv2d(odd, prepared)), 1e-6);
}

TEST(Conv2d, UpsamplingRepeatsTheNearestPixelWithManyChannels) {
  const Conv2dWeight prepared =
      prepare_conv2d(random_tensor({16, 16, 3, 3}, 2), random_tensor({16}, 3), {1, 1, 0}, {});
  const at::Tensor input = random_picture({1, 16, 3, 5});
  const at::Tensor twice = input.repeat_interleave(2, 2).repeat_interleave(2, 3);
  EXPECT_LT(relative_error(upsample_conv2d(input, prepared, 6, 10), conv2d(twice, prepared)), 1e-6);
}

TEST(Conv2d, WrongShapesAreNamedWithExpectedAndGot) {
  const Conv2dWeight prepared =
      prepare_conv2d(random_tensor({4, 8, 3, 3}), random_tensor({4}), {1, 1, 0}, {});
  EXPECT_THAT(message_of([&] {
                conv2d(random_picture({1, 4, 8, 8}), prepared);
              }),
              HasSubstr("conv2d: input: expected [B, 8, H, W], got [1, 4, 8, 8]"));
  EXPECT_THAT(message_of([&] {
                conv2d_add(random_picture({1, 8, 4, 4}), prepared, random_picture({1, 4, 2, 2}));
              }),
              HasSubstr("residual: expected [1, 4, 4, 4], got [1, 4, 2, 2]"));
  EXPECT_THAT(message_of([&] {
                conv2d(random_picture({1, 8, 4, 4}), Conv2dWeight{});
              }),
              HasSubstr("got undefined"));
  EXPECT_THAT(message_of([&] {
                prepare_conv2d(random_tensor({4, 8, 3, 3}), random_tensor({5}), {}, {});
              }),
              HasSubstr("bias: expected [4], got [5]"));
}

}  // namespace
}  // namespace sdw::ops
