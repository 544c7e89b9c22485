#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "jobs/cancel_job.h"
#include "jobs/stream_reader.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

// Clients that post, cancel, read and vanish at random, over two models of which one fits: each accepted job
// must have exactly one end, and nothing may be left.
TEST(Stress, hundreds_of_jobs_with_random_cancels_and_readers) {
  constexpr int kClients = 4;
  constexpr int kJobsEach = 100;
  Settings settings;
  settings.engine.max_batch = 3;
  settings.models.memory_limit_bytes = 150;
  settings.queue.jobs = 40;
  settings.retention.result_bytes = 200'000;
  Worker worker(settings);
  worker.backend.step_time = std::chrono::microseconds(100);
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  worker.start();

  std::mutex mutex;
  std::vector<std::shared_ptr<Job>> accepted;
  std::atomic<int> refused{0}, wrong{0};
  const auto client = [&](unsigned number) {
    std::mt19937 random(number);
    const auto one_in = [&random](unsigned n) { return random() % n == 0; };
    const char* prompts[] = {"x", "x", "x", "x", "step-throw", "nan", "decode-throw", "begin-error"};
    for (int i = 0; i < kJobsEach; ++i) {
      nlohmann::json body{
          {"steps", 1 + random() % 5},       {"count", 1 + random() % 3},
          {"prompt", prompts[random() % 8]}, {"priority", static_cast<int>(random() % 21) - 10},
          {"preview_every", random() % 3},   {"cancel_on_disconnect", one_in(3)},
          {"width", one_in(4) ? 128 : 64},   {"model", i / 20 % 4 == 3 ? "other" : "m"}};
      if (one_in(10)) body["timeout_s"] = 0.005;
      const auto result = worker.try_submit(body);
      if (!result) {
        if (result.error().code != ErrorCode::queue_full) ++wrong;
        ++refused;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      const auto job = result->job;
      {
        const std::lock_guard lock(mutex);
        accepted.push_back(job);
      }
      if (one_in(3)) {
        std::atomic<int> wakes{0};
        StreamReader reader(worker.app, job, "", [&] { ++wakes; });
        for (unsigned reads = random() % 4; reads > 0; --reads) reader.read(random() % 5);
      }
      if (one_in(4)) {
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
        static_cast<void>(cancel_job(worker.app, *job, "asked"));
      }
      if (one_in(5)) static_cast<void>(worker.app.registry.list(std::nullopt, 10, ""));
      if (one_in(50)) static_cast<void>(worker.app.models.request_unload("m"));
    }
  };
  std::vector<std::thread> clients;
  for (unsigned i = 0; i < kClients; ++i) clients.emplace_back(client, i);
  for (std::thread& thread : clients) thread.join();

  for (const auto& job : accepted) ASSERT_TRUE(wait_ended(*job)) << job->id() << " was lost";
  int completed = 0;
  for (const auto& job : accepted) {
    const auto events = events_of(*job);
    int ends = 0;
    for (const Event& event : events) ends += contract::is_terminal(event.kind) ? 1 : 0;
    EXPECT_EQ(ends, 1);
    EXPECT_TRUE(contract::is_terminal(events.back().kind));
    EXPECT_EQ(job->events().subscribers(), 0u);
    if (job->state() != contract::JobState::completed) continue;
    ++completed;
    EXPECT_EQ(job->result()->pictures.size(), static_cast<std::size_t>(job->spec().request.count));
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(completed, 20);
  EXPECT_EQ(static_cast<int>(accepted.size()) + refused, kClients * kJobsEach);
  EXPECT_TRUE(eventually([&] { return worker.backend.generations_alive == 0; }));
  EXPECT_EQ(worker.app.queue.size(), 0u);
  EXPECT_EQ(worker.observer.ended, static_cast<int>(accepted.size()));
  EXPECT_LE(worker.app.registry.counts().result_bytes, 200'000u);
  EXPECT_LE(worker.backend.models_alive, 1);
}

}  // namespace
}  // namespace sdw::jobs
