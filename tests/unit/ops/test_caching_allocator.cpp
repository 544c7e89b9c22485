#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include "ops/caching_allocator.h"
#include "ops/prepared_weight.h"

namespace sdw::ops {
namespace {

constexpr std::int64_t kMebibyte = (1 << 20) / sizeof(float);  // in elements

class CachingAllocator : public testing::Test {
 protected:
  void SetUp() override {
    install_caching_allocator();
    release_cached_memory();
  }
  void TearDown() override {
    keep_pages_of_weights(false);
    release_cached_memory();
    c10::SetCPUAllocator(c10::GetDefaultCPUAllocator());
  }
};

TEST_F(CachingAllocator, AFreedBlockIsHandedOutAgain) {
  at::Tensor tensor = at::empty({8 * kMebibyte});
  const void* const data = tensor.data_ptr();
  tensor = at::Tensor();
  EXPECT_EQ(cached_memory_bytes(), std::size_t{8} << 20);
  tensor = at::empty({7 * kMebibyte});
  EXPECT_EQ(tensor.data_ptr(), data);
  EXPECT_EQ(cached_memory_bytes(), 0U);
}

TEST_F(CachingAllocator, AMuchLargerBlockIsKeptForItsOwnSize) {
  at::Tensor tensor = at::empty({32 * kMebibyte});
  const void* const data = tensor.data_ptr();
  tensor = at::Tensor();
  EXPECT_NE(at::empty({4 * kMebibyte}).data_ptr(), data);
}

TEST_F(CachingAllocator, SmallTensorsAreNotKept) {
  at::empty({kMebibyte / 2});
  EXPECT_EQ(cached_memory_bytes(), 0U);
}

TEST_F(CachingAllocator, HoldsHardlyMoreThanWasInUseAtOnce) {
  for (std::int64_t size = 2; size < 200; size += 2) at::full({size * kMebibyte}, 1.0F);
  EXPECT_LE(cached_memory_bytes(), std::size_t{250} << 20);
}

TEST_F(CachingAllocator, ALargerBlockTakesThePagesOfSmallerOnes) {
  { const at::Tensor first = at::full({6 * kMebibyte}, 1.0F), second = at::full({10 * kMebibyte}, 1.0F); }
  EXPECT_EQ(cached_memory_bytes(), std::size_t{16} << 20);
  at::Tensor larger = at::empty({14 * kMebibyte});
  EXPECT_LE(cached_memory_bytes(), std::size_t{4} << 20);
  EXPECT_EQ(larger[-1].item<float>(), 1.0F);  // a fresh page would be cleared
  larger.fill_(2.0F);
  larger = at::Tensor();
  const at::Tensor largest = at::empty({24 * kMebibyte});  // of pages that were moved before, and fresh ones
  EXPECT_EQ(cached_memory_bytes(), 0U);
  EXPECT_EQ(largest[19 * kMebibyte].item<float>(), 2.0F);
  EXPECT_EQ(largest[0].item<float>(), 0.0F);
}

TEST_F(CachingAllocator, ABlockTakesThePagesOfFreedWeightsWhereTheyAreKept) {
  for (const bool keep : {false, true}) {
    release_cached_memory();
    keep_pages_of_weights(keep);
    for (int i = 0; i < 3; ++i) empty_weight({7 * kMebibyte + 12345}, at::kFloat).fill_(1.0F);
    const at::Tensor tensor = at::empty({10 * kMebibyte});
    EXPECT_EQ(tensor[-1].item<float>(), keep ? 1.0F : 0.0F);  // a fresh page would be cleared
    EXPECT_EQ(tensor[0].item<float>(), keep ? 1.0F : 0.0F);
    empty_weight({1 * kMebibyte / 4}, at::kFloat).fill_(2.0F);  // of no whole huge page
  }
}

TEST_F(CachingAllocator, KeepsContentsOfEveryTensorApart) {
  const auto work = [](int seed) {
    std::vector<at::Tensor> held;
    for (int i = 0; i < 200; ++i) {
      const auto value = static_cast<float>(seed * 1000 + i);
      held.push_back(at::full({(1 + i % 5) * kMebibyte}, value));
      if (held.size() > 3) held.erase(held.begin() + i % 3);
      for (const at::Tensor& tensor : held) {
        const float* const data = tensor.const_data_ptr<float>();
        ASSERT_EQ(data[0], data[tensor.numel() - 1]);
        ASSERT_EQ(static_cast<int>(data[0]) / 1000, seed);
      }
    }
  };
  std::thread one(work, 1), two(work, 2);
  one.join(), two.join();
}

TEST_F(CachingAllocator, TensorsOutliveARelease) {
  at::Tensor tensor = at::full({8 * kMebibyte}, 3.0F);
  release_cached_memory();
  EXPECT_EQ(tensor[0].item<float>(), 3.0F);
  tensor = at::Tensor();
  release_cached_memory();
  EXPECT_EQ(cached_memory_bytes(), 0U);
}

TEST_F(CachingAllocator, TooMuchIsTheKnownError) {
  EXPECT_THROW(at::empty({std::int64_t{1} << 50}), c10::Error);
}

}  // namespace
}  // namespace sdw::ops
