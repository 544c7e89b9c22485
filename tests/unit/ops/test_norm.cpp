#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/norm.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;

// Mean 0 and variance 1 over the last axis, in double.
at::Tensor standardized(const at::Tensor& x, double eps) {
  const at::Tensor centred = x.sub(x.mean(-1, true));
  return centred.div(centred.square().mean(-1, true).add(eps).sqrt());
}

at::Tensor plain_group_norm(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                            int groups, double eps) {
  const at::Tensor rows = input.contiguous().to(at::kDouble).view({input.size(0), groups, -1});
  return standardized(rows, eps)
      .view(input.sizes())
      .mul(weight.view({1, -1, 1, 1}))
      .add(bias.view({1, -1, 1, 1}));
}

at::Tensor silu(const at::Tensor& x) {
  return x.div(x.neg().exp().add(1));
}

TEST(GroupNorm, EqualsTheDefinition) {
  for (const auto& [channels, groups, eps] : {std::tuple{32, 8, 1e-5}, {6, 6, 1e-6}, {12, 1, 1e-2}}) {
    const at::Tensor input = random_picture({2, channels, 5, 7}).mul(3).add(1);
    const at::Tensor weight = random_tensor({channels}, 2), bias = random_tensor({channels}, 3);
    const at::Tensor shift = random_tensor({2, channels}, 4);
    const NormWeight prepared = prepare_norm(weight, bias, eps, groups, {});
    const at::Tensor expected = plain_group_norm(input, weight, bias, groups, eps);
    EXPECT_LT(relative_error(group_norm(input, prepared), expected), 1e-5) << channels << " in " << groups;
    EXPECT_LT(relative_error(group_norm_silu(input, prepared), silu(expected)), 1e-5);
    EXPECT_TRUE(group_norm(input, prepared).is_contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor shifted = input.add(shift.view({2, channels, 1, 1}));
    EXPECT_LT(relative_error(add_group_norm_silu(input, shift, prepared),
                             silu(plain_group_norm(shifted, weight, bias, groups, eps))),
              1e-5);
  }
}

TEST(GroupNorm, LeavesItsInputAlone) {
  const at::Tensor input = random_picture({1, 8, 3, 3}), before = input.clone();
  const NormWeight prepared = prepare_norm(random_tensor({8}), random_tensor({8}), 1e-5, 4, {});
  group_norm_silu(input, prepared);
  add_group_norm_silu(input, random_tensor({1, 8}), prepared);
  EXPECT_TRUE(input.equal(before));
}

TEST(GroupNorm, WritesOverAnInputThatIsGivenAway) {
  const NormWeight prepared = prepare_norm(random_tensor({8}), random_tensor({8}), 1e-5, 4, {});
  const at::Tensor shift = random_tensor({1, 8}), kept = random_picture({1, 8, 3, 3});
  at::Tensor input = kept.clone(), other = kept.clone();
  const void* const memory = input.data_ptr();
  const at::Tensor silu = group_norm_silu(std::move(input), prepared);
  EXPECT_EQ(silu.data_ptr(), memory);
  EXPECT_TRUE(silu.equal(group_norm_silu(kept, prepared)));
  EXPECT_TRUE(add_group_norm_silu(std::move(other), shift, prepared)
                  .equal(add_group_norm_silu(kept, shift, prepared)));
}

TEST(GroupNorm, SparesMemoryThatAViewOfTheInputHolds) {
  const NormWeight prepared = prepare_norm(random_tensor({8}), random_tensor({8}), 1e-5, 4, {});
  at::Tensor input = random_picture({1, 8, 3, 3});
  const at::Tensor view = input.slice(0, 0, 1), before = view.clone();
  group_norm_silu(std::move(input), prepared);
  EXPECT_TRUE(view.equal(before));
}

TEST(LayerNorm, EqualsTheDefinition) {
  const at::Tensor input = random_tensor({2, 5, 33}).mul(2).add(3);
  const at::Tensor weight = random_tensor({33}, 2), bias = random_tensor({33}, 3);
  const at::Tensor expected = standardized(input.to(at::kDouble), 1e-5).mul(weight).add(bias);
  EXPECT_LT(relative_error(layer_norm(input, prepare_norm(weight, bias, 1e-5, 0, {})), expected), 1e-5);
}

TEST(Norm, WrongShapesAreNamedWithExpectedAndGot) {
  const NormWeight prepared = prepare_norm(random_tensor({8}), random_tensor({8}), 1e-5, 4, {});
  EXPECT_THAT(message_of([&] {
                group_norm(random_picture({1, 7, 2, 2}), prepared);
              }),
              HasSubstr("group_norm: input: expected [B, 8, H, W], got [1, 7, 2, 2]"));
  EXPECT_THAT(message_of([&] {
                add_group_norm_silu(random_picture({2, 8, 2, 2}), random_tensor({1, 8}), prepared);
              }),
              HasSubstr("shift: expected [2, 8], got [1, 8]"));
  EXPECT_THAT(message_of([&] { layer_norm(random_tensor({2, 9}), prepared); }), HasSubstr("got [2, 9]"));
  EXPECT_THAT(message_of([&] { prepare_norm(random_tensor({8}), random_tensor({8}), 1e-5, 3, {}); }),
              HasSubstr("expected a multiple of 3 groups, got [8]"));
}

}  // namespace
}  // namespace sdw::ops
