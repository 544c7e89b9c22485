#include <ATen/ops/cat.h>
#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/take_rows.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;
using Rows = std::vector<std::int64_t>;

TEST(TakeRows, RepeatsRows) {
  for (const auto& [channels, height, width] : {std::tuple{3, 4, 7}, {1, 1, 1}, {320, 16, 24}}) {
    const at::Tensor picture = random_picture({2, channels, height, width});
    const at::Tensor first = picture.narrow(0, 0, 1), second = picture.narrow(0, 1, 1);
    const at::Tensor got = take_rows(picture, Rows{0, 0, 1});
    EXPECT_TRUE(got.equal(at::cat({first, first, second})));
    EXPECT_TRUE(got.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(TakeRows, TakesAnyShapeAndLayout) {
  const at::Tensor tokens = random_tensor({2, 5, 7});
  EXPECT_TRUE(
      take_rows(tokens, Rows{1, 1, 0}).equal(at::cat({tokens[1], tokens[1], tokens[0]}).view({3, 5, 7})));
  const at::Tensor turned = random_tensor({2, 7, 5}).transpose(1, 2);
  EXPECT_TRUE(take_rows(turned, Rows{1}).equal(turned.narrow(0, 1, 1)));
}

TEST(TakeRows, RowsThatAreNotThereAreNamed) {
  const auto take = [](const Rows& rows) {
    return message_of([&] { take_rows(random_tensor({2, 3}), rows); });
  };
  EXPECT_THAT(take({0, 2}), HasSubstr("expected rows in [0, 2), got [0, 2]"));
  EXPECT_THAT(take({-1}), HasSubstr("got [-1]"));
}

}  // namespace
}  // namespace sdw::ops
