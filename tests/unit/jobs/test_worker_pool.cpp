#include <atomic>
#include <gtest/gtest.h>

#include "jobs/worker_pool.h"
#include "unit/jobs/fake_backend.h"

namespace sdw::jobs {
namespace {

TEST(WorkerPool, runs_everything_it_took_before_it_closes) {
  std::atomic<int> ran{0};
  {
    WorkerPool pool(2, 1000);
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(pool.submit([&] { ++ran; }));
  }
  EXPECT_EQ(ran, 500);
}

TEST(WorkerPool, refuses_what_is_too_much_and_what_is_too_late) {
  WorkerPool pool(1, 2);
  Gate gate;
  ASSERT_TRUE(pool.submit([&] { gate.pass(); }));
  while (gate.waiting() == 0) std::this_thread::yield();
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_TRUE(pool.submit([] {}));
  EXPECT_FALSE(pool.submit([] {}));
  gate.open();
  pool.close();
  EXPECT_FALSE(pool.submit([] {}));
}

}  // namespace
}  // namespace sdw::jobs
