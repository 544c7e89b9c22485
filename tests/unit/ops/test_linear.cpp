#include <ATen/ops/erf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/activation.h"
#include "ops/linear.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;

at::Tensor exact_gelu(const at::Tensor& x) {
  return x.mul(at::erf(x.div(std::sqrt(2.0))).add(1)).mul(0.5);
}

class LinearOfEveryType : public testing::TestWithParam<at::ScalarType> {};

INSTANTIATE_TEST_SUITE_P(Weights, LinearOfEveryType, testing::Values(at::kFloat, at::kHalf, at::kBFloat16));

TEST_P(LinearOfEveryType, EqualsTheProductInDouble) {
  const at::Tensor input = random_tensor({2, 7, 24});
  const at::Tensor weight = random_tensor({10, 24}, 2).to(GetParam()), bias = random_tensor({10}, 3);
  const at::Tensor product = input.to(at::kDouble).matmul(weight.to(at::kDouble).t());
  EXPECT_LT(relative_error(linear(input, prepare_linear(weight, bias, {})), product.add(bias)), 1e-6);
  EXPECT_LT(relative_error(linear(input, prepare_linear(weight, {}, {})), product), 1e-6);
  const at::Tensor residual = random_tensor({2, 7, 10}, 4);
  EXPECT_LT(relative_error(linear_add(input, prepare_linear(weight, bias, {}), residual),
                           product.add(bias).add(residual)),
            1e-6);
}

TEST(Linear, FastKeepsWeightsInBfloat16) {
  const Placement fast{.precision = Precision::fast};
  const at::Tensor input = random_tensor({2, 7, 24}), residual = random_tensor({2, 7, 300}, 4);
  const at::Tensor weight = random_tensor({300, 24}, 2), bias = random_tensor({300}, 3);
  const LinearWeight prepared = prepare_linear(weight, bias, fast);
  EXPECT_EQ(prepared.weight.scalar_type(), at::kBFloat16);
  const at::Tensor expected =
      input.to(at::kDouble).matmul(weight.to(at::kDouble).t()).add(bias).add(residual);
  // Weights, and on some CPUs inputs, are rounded to 8 bits.
  EXPECT_LT(relative_error(linear_add(input, prepared, residual), expected), 4e-3);
}

TEST(Linear, ReadsA1x1Convolution) {
  const at::Tensor weight = random_tensor({10, 24}), input = random_tensor({3, 24}, 2);
  const LinearWeight conv = prepare_linear(weight.view({10, 24, 1, 1}), {}, {});
  EXPECT_EQ(relative_error(linear(input, conv), linear(input, prepare_linear(weight, {}, {}))), 0);
}

TEST(Linear, GegluGatesTheFirstHalfByTheSecond) {
  for (const std::int64_t width : {8, 32, 96}) {
    const at::Tensor input = random_tensor({2, 5, 12});
    const at::Tensor weight = random_tensor({2 * width, 12}, 2), bias = random_tensor({2 * width}, 3);
    const at::Tensor both = input.to(at::kDouble).matmul(weight.to(at::kDouble).t()).add(bias);
    const at::Tensor expected = both.narrow(-1, 0, width).mul(exact_gelu(both.narrow(-1, width, width)));
    EXPECT_LT(relative_error(geglu(input, prepare_linear(weight, bias, {})), expected), 1e-6);
    const Placement fast{.precision = Precision::fast};  // operands of 8 bits
    EXPECT_LT(relative_error(geglu(input, prepare_linear(weight, bias, fast)), expected), 1e-2);
  }
}

TEST(Linear, WrongShapesAreNamedWithExpectedAndGot) {
  const LinearWeight prepared = prepare_linear(random_tensor({10, 24}), {}, {});
  EXPECT_THAT(message_of([&] {
                linear(random_tensor({2, 23}), prepared);
              }),
              HasSubstr("linear: input: expected [..., 24], got [2, 23]"));
  EXPECT_THAT(message_of([&] {
                linear_add(random_tensor({2, 24}), prepared, random_tensor({2, 9}));
              }),
              HasSubstr("residual: expected [2, 10], got [2, 9]"));
  EXPECT_THAT(message_of([&] {
                prepare_linear(random_tensor({10, 24, 3, 3}), {}, {});
              }),
              HasSubstr("expected [N, K] or [N, K, 1, 1], got [10, 24, 3, 3]"));
}

TEST(Activation, EqualsTheDefinitions) {
  const at::Tensor x = random_tensor({500}), wide = x.to(at::kDouble);
  EXPECT_LT(relative_error(activate(x, Activation::silu), wide.div(wide.neg().exp().add(1))), 1e-6);
  EXPECT_LT(relative_error(activate(x, Activation::quick_gelu), wide.div(wide.mul(-1.702).exp().add(1))),
            1e-6);
  EXPECT_LT(relative_error(activate(x, Activation::gelu), exact_gelu(wide)), 1e-6);
}

}  // namespace
}  // namespace sdw::ops
