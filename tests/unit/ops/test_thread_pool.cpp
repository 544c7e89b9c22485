#include <atomic>
#include <gtest/gtest.h>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "ops/thread_pool.h"

namespace sdw::ops {
namespace {

TEST(ThreadPool, RunsEveryThreadOnceAndWaitsForAll) {
  for (int call = 0; call < 2000; ++call) {
    const std::size_t threads = 1 + call % 5;
    std::vector<int> seen(threads);
    on_threads(threads, [&](std::size_t thread) { ++seen[thread]; });
    ASSERT_EQ(seen, std::vector<int>(threads, 1)) << "call " << call;
  }
}

TEST(ThreadPool, ThreadsAreDifferentOnesAndTheCallerIsTheFirst) {
  std::mutex mutex;
  std::set<std::thread::id> ids;
  std::thread::id first;
  on_threads(3, [&](std::size_t thread) {
    const std::lock_guard lock(mutex);
    ids.insert(std::this_thread::get_id());
    if (thread == 0) first = std::this_thread::get_id();
  });
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(first, std::this_thread::get_id());
}

TEST(ThreadPool, WhatAThreadThrowsIsThrownToTheCallerAfterAllHaveEnded) {
  for (const std::size_t thrower : {0U, 1U, 2U}) {
    std::atomic<int> ended = 0;
    EXPECT_THROW(on_threads(3,
                            [&](std::size_t thread) {
                              if (thread == thrower) throw std::bad_alloc();
                              ++ended;
                            }),
                 std::bad_alloc);
    EXPECT_EQ(ended, 2);
  }
  std::atomic<int> ended = 0;
  on_threads(3, [&](std::size_t) { ++ended; });
  EXPECT_EQ(ended, 3);
}

TEST(ThreadPool, WorkWithinWorkIsDoneByItsThreadAlone) {
  std::atomic<int> outer = 0, inner = 0;
  on_threads(2, [&](std::size_t) {
    ++outer;
    on_threads(4, [&](std::size_t thread) {
      EXPECT_EQ(thread, 0U);
      ++inner;
    });
  });
  EXPECT_EQ(outer, 2);
  EXPECT_EQ(inner, 2);
}

TEST(ThreadPool, CallersAtTheSameTimeAllGetTheirWorkDone) {
  std::vector<std::thread> callers;
  std::atomic<int> done = 0;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        // As of parts that any number of threads can take.
        std::atomic<int> next = 0;
        on_threads(3, [&](std::size_t) {
          while (next++ < 10) ++done;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 4 * 500 * 10);
}

}  // namespace
}  // namespace sdw::ops
