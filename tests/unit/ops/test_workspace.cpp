#include <ATen/Parallel.h>
#include <atomic>
#include <chrono>
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

std::size_t thread_count() {
  return static_cast<std::size_t>(at::get_num_threads());
}

// With as many parts as threads, none of which ends before all have begun (or ten seconds are over), each
// thread has one: a thread that is slow to wake would otherwise find its part taken.
class Meeting {
 public:
  void meet() {
    ++met_;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (met_ < threads_ && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  }

 private:
  const std::size_t threads_ = thread_count();  // within a part it would be another number
  std::atomic<std::size_t> met_ = 0;
};

TEST(ForParts, UsesAllThreads) {
  Meeting meeting;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  for_parts(thread_count(), [&](std::size_t) {
    meeting.meet();
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), thread_count());
}

TEST(ForParts, EachThreadHasScratchOfItsOwn) {
  constexpr std::size_t kFloats = 64;
  float* const memory = workspace(floats_of_all_threads(kFloats));
  Meeting meeting;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::set<float*> scratches;
  for_parts(thread_count(), kFloats, memory, [&](std::size_t, float* scratch) {
    meeting.meet();
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    scratches.insert(scratch);
  });
  EXPECT_EQ(threads.size(), thread_count());
  EXPECT_EQ(scratches.size(), thread_count());
}

TEST(Workspace, IsKeptForTheNextCall) {
  float* const first = workspace(1000);
  EXPECT_EQ(workspace(500), first);
}

}  // namespace
}  // namespace sdw::ops
