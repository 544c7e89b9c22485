#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ops/workspace.h"

namespace sdw::ops {
namespace {

TEST(ForParts, RunsEveryPartOnce) {
  std::vector<int> seen(1000);
  for_parts(seen.size(), [&](std::size_t part) { ++seen[part]; });
  EXPECT_EQ(seen, std::vector<int>(1000, 1));
}

TEST(ForParts, UsesAllThreads) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for_parts(1000, [&](std::size_t) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), static_cast<std::size_t>(at::get_num_threads()));
}

TEST(ForParts, EachThreadHasScratchOfItsOwn) {
  constexpr std::size_t kFloats = 64;
  float* const memory = workspace(floats_of_all_threads(kFloats));
  std::mutex mutex;
  std::set<std::pair<std::thread::id, float*>> pairs;
  for_parts(1000, kFloats, memory, [&](std::size_t, float* scratch) {
    const std::lock_guard lock(mutex);
    pairs.insert({std::this_thread::get_id(), scratch});
  });
  EXPECT_EQ(pairs.size(), static_cast<std::size_t>(at::get_num_threads()));
}

TEST(Workspace, IsKeptForTheNextCall) {
  float* const first = workspace(1000);
  EXPECT_EQ(workspace(500), first);
}

}  // namespace
}  // namespace sdw::ops
