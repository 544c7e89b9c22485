#include <ATen/TensorOperators.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ops/add.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

TEST(Add, IsElementwiseForAnySizeAndLayout) {
  for (const auto width : {1, 7, 320, 5000}) {
    const at::Tensor first = random_tensor({2, 9, width}), second = random_tensor({2, 9, width}, 2);
    EXPECT_TRUE(ops::add(first, second).equal(first + second)) << width;
  }
  const at::Tensor turned = random_tensor({3, 5}).t(), plain = random_tensor({5, 3}, 2);
  EXPECT_TRUE(ops::add(turned, plain).equal(turned + plain));
  EXPECT_EQ(ops::add(random_tensor({0, 3}), random_tensor({0, 3})).numel(), 0);
}

TEST(Add, OtherShapesAreNamed) {
  EXPECT_THAT(message_of([] {
                ops::add(random_tensor({2, 3}), random_tensor({1, 3}));
              }),
              testing::HasSubstr("second: expected [2, 3], got [1, 3]"));
}

}  // namespace
}  // namespace sdw::ops
