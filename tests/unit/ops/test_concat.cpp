#include <ATen/ops/cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/concat.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

using testing::HasSubstr;

TEST(ConcatChannels, IsOneBehindTheOtherInEveryPixel) {
  for (const auto& [left, right, height, width] : {std::tuple{3, 5, 4, 7}, {1, 1, 1, 1}, {320, 640, 9, 16}}) {
    const at::Tensor first = random_picture({2, left, height, width});
    const at::Tensor second = random_picture({2, right, height, width}, 2);
    const at::Tensor got = concat_channels(first, second);
    EXPECT_TRUE(got.equal(at::cat({first, second}, 1)));
    EXPECT_TRUE(got.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

TEST(ConcatChannels, TakesAnyLayout) {
  const at::Tensor first = random_tensor({2, 3, 4, 5}), second = random_picture({2, 4, 4, 5}, 2);
  EXPECT_TRUE(concat_channels(first, second).equal(at::cat({first, second}, 1)));
}

TEST(ConcatChannels, WrongShapesAreNamed) {
  EXPECT_THAT(message_of([] {
                concat_channels(random_picture({1, 3, 4, 4}), random_picture({1, 3, 4, 5}));
              }),
              HasSubstr("second: expected [1, C, 4, 4], got [1, 3, 4, 5]"));
}

}  // namespace
}  // namespace sdw::ops
