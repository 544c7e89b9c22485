#include <gtest/gtest.h>

#include "ops/prepared_weight.h"
#include "unit/ops/tensors.h"

namespace sdw::ops {
namespace {

TEST(PreparedWeight, KeepsEveryValueInEveryTypeAndLayout) {
  const std::vector<std::vector<std::int64_t>> shapes{{5, 3, 3, 3}, {2, 300, 3, 3}, {1, 1, 1, 1},
                                                      {7, 9, 1, 1}, {3, 8, 5, 5},   {20000, 1, 3, 3}};
  for (const at::ScalarType from : {at::kHalf, at::kBFloat16, at::kFloat, at::kDouble}) {
    for (const at::ScalarType to : {at::kFloat, at::kBFloat16, at::kHalf}) {
      for (const auto& shape : shapes) {
        const at::Tensor weight = random_tensor(shape).to(from);
        const Placement where{at::kCPU, to};
        const at::Tensor channels_last = prepared_channels_last(weight, where);
        EXPECT_TRUE(channels_last.is_contiguous(at::MemoryFormat::ChannelsLast));
        EXPECT_EQ(channels_last.scalar_type(), to);
        EXPECT_TRUE(channels_last.equal(weight.to(to))) << weight.sizes() << from << to;
        EXPECT_TRUE(prepared_copy(weight, where).equal(weight.to(to))) << weight.sizes() << from << to;
      }
    }
  }
}

TEST(PreparedWeight, OwnsItsMemory) {
  at::Tensor weight = random_tensor({4, 4, 3, 3});
  const at::Tensor copy = prepared_copy(weight, {}), channels_last = prepared_channels_last(weight, {});
  const at::Tensor before = weight.clone();
  weight.fill_(0);
  EXPECT_TRUE(copy.equal(before));
  EXPECT_TRUE(channels_last.equal(before));
}

TEST(PreparedWeight, AnAbsentBiasStaysAbsent) {
  EXPECT_FALSE(prepared_copy({}, {}).defined());
}

}  // namespace
}  // namespace sdw::ops
