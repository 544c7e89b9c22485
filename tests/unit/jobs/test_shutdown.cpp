#include <gtest/gtest.h>

#include "jobs/shutdown.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Shutdown, running_jobs_finish_and_waiting_ones_are_told) {
  Worker worker;
  worker.backend.step_time = milliseconds(2);
  worker.start();
  const auto running = worker.submit({{"steps", 50}});
  ASSERT_TRUE(eventually([&] { return running->status().step > 1; }));
  const auto waiting = worker.submit();
  std::atomic<int> done{0};
  begin_shutdown(worker.app, seconds(20), [&] { ++done; });
  const auto refused = worker.try_submit();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::shutting_down);
  EXPECT_EQ(outcome(*waiting), "failed: shutting_down");
  EXPECT_EQ(outcome(*running), "completed");
  EXPECT_TRUE(eventually([&] { return done == 1; }));
  begin_shutdown(worker.app, seconds(20), [&] { ++done; });
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(done, 1);
}

TEST(Shutdown, a_job_that_takes_too_long_is_ended) {
  Worker worker;
  worker.backend.step_time = milliseconds(5);
  worker.start();
  const auto job = worker.submit({{"steps", 150}});
  ASSERT_TRUE(eventually([&] { return job->status().step > 1; }));
  std::atomic<bool> done{false};
  begin_shutdown(worker.app, milliseconds(30), [&] { done = true; });
  EXPECT_EQ(outcome(*job), "failed: shutting_down");
  EXPECT_TRUE(eventually([&] { return done.load(); }));
}

TEST(Shutdown, waits_for_what_is_being_encoded) {
  Worker worker;
  Gate gate;
  ASSERT_TRUE(worker.app.encoders.submit([&] { gate.pass(); }));
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  worker.start();
  const auto job = worker.submit({{"steps", 1}});
  ASSERT_TRUE(eventually([&] { return worker.app.encoders.waiting() == 1; }));
  std::atomic<bool> done{false};
  begin_shutdown(worker.app, seconds(20), [&] { done = true; });
  std::this_thread::sleep_for(milliseconds(10));
  EXPECT_FALSE(done);
  gate.open();
  EXPECT_TRUE(eventually([&] { return done.load(); }));
  EXPECT_EQ(outcome(*job), "completed");
}

TEST(Shutdown, an_idle_worker_is_done_at_once) {
  Worker worker;
  worker.start();
  std::atomic<bool> done{false};
  begin_shutdown(worker.app, seconds(20), [&] { done = true; });
  EXPECT_TRUE(eventually([&] { return done.load(); }));
}

TEST(Shutdown, every_job_has_its_end_when_the_worker_is_just_destroyed) {
  std::vector<std::shared_ptr<Job>> jobs;
  {
    Worker worker;
    worker.backend.step_time = milliseconds(1);
    worker.start();
    for (int i = 0; i < 20; ++i) jobs.push_back(worker.submit({{"steps", 20}}));
    ASSERT_TRUE(eventually([&] { return jobs[0]->status().step > 1; }));
  }
  for (const auto& job : jobs) EXPECT_TRUE(job->events().finished()) << job->id();
}

}  // namespace
}  // namespace sdw::jobs
