#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/cancel_job.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::EventKind;
using contract::JobState;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Settings batching(int max_batch) {
  Settings settings;
  settings.engine.max_batch = max_batch;
  return settings;
}

std::vector<std::byte> picture_of(const Job& job, std::size_t index = 0) {
  return job.result()->pictures.at(index).bytes;
}

TEST(Engine, a_job_goes_from_queued_to_complete) {
  Worker worker;
  worker.start();
  const auto job = worker.submit({{"seed", 5}, {"steps", 3}});
  ASSERT_EQ(outcome(*job), "completed");
  std::vector<std::string> names = names_of(events_of(*job));
  std::erase(names, "loading");
  EXPECT_EQ(names,
            (std::vector<std::string>{"queued", "started", "progress", "progress", "progress", "complete"}));
  EXPECT_EQ(data_of(*job, EventKind::started)[0],
            (json{{"type", "started"}, {"model", "m"}, {"seed", 5}, {"steps", 3}}));
  const auto progress = data_of(*job, EventKind::progress);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(progress[static_cast<std::size_t>(i)]["step"], i + 1);
    EXPECT_EQ(progress[static_cast<std::size_t>(i)]["total"], 3);
  }
  const json complete = data_of(*job, EventKind::complete)[0];
  EXPECT_EQ(complete["seed"], 5);
  EXPECT_EQ(complete["width"], 8);
  EXPECT_EQ(complete["parameters"]["prompt"], "x");
  EXPECT_EQ(complete["parameters"]["steps"], 3);
  EXPECT_EQ(complete["parameters"]["model"], "m");
  EXPECT_GT(complete["timings"]["denoise_ms"], 0.0);
  EXPECT_GE(complete["timings"]["total_ms"], complete["timings"]["denoise_ms"]);
}

TEST(Engine, tells_a_waiting_job_of_its_loading_model) {
  Worker worker;
  worker.backend.load_time = std::chrono::milliseconds(20);
  worker.start();
  const auto job = worker.submit();
  ASSERT_EQ(outcome(*job), "completed");
  const auto loading = data_of(*job, EventKind::loading);
  ASSERT_FALSE(loading.empty());
  EXPECT_EQ(loading.back(), (json{{"type", "loading"}, {"model", "m"}, {"percent", 100}}));
}

TEST(Engine, an_absent_seed_is_drawn_and_reported) {
  Worker worker;
  worker.start();
  const auto a = worker.submit();
  const auto b = worker.submit({{"seed", -1}});
  ASSERT_EQ(outcome(*a), "completed");
  ASSERT_EQ(outcome(*b), "completed");
  EXPECT_EQ(data_of(*a, EventKind::complete)[0]["seed"], a->spec().seed);
  EXPECT_NE(a->spec().seed, b->spec().seed);
}

TEST(Engine, count_makes_pictures_of_consecutive_seeds) {
  for (int batch : {1, 2, 8}) {
    Worker worker(batching(batch));
    worker.start();
    const auto many = worker.submit({{"seed", 40}, {"count", 3}, {"steps", 2}});
    ASSERT_EQ(outcome(*many), "completed");
    const json complete = data_of(*many, EventKind::complete)[0];
    ASSERT_EQ(complete["images"].size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(complete["images"][i]["seed"], 40 + i);
      const auto alone = worker.submit({{"seed", 40 + i}, {"steps", 2}});
      ASSERT_EQ(outcome(*alone), "completed");
      EXPECT_EQ(picture_of(*many, i), picture_of(*alone)) << "batch " << batch << ", picture " << i;
    }
    const auto progress = data_of(*many, EventKind::progress);
    EXPECT_EQ(progress.back()["step"], 6);
    EXPECT_EQ(progress.back()["total"], 6);
  }
}

TEST(Engine, jobs_run_in_the_order_of_the_queue) {
  Worker worker;
  const auto a = worker.submit({{"seed", 1}, {"steps", 1}});
  const auto b = worker.submit({{"seed", 2}, {"steps", 1}});
  const auto urgent = worker.submit({{"seed", 3}, {"steps", 1}, {"priority", 5}});
  worker.start();
  for (const auto& job : {a, b, urgent}) ASSERT_EQ(outcome(*job), "completed");
  EXPECT_THAT(worker.backend.calls(), ElementsAre(ElementsAre(3u), ElementsAre(1u), ElementsAre(2u)));
}

TEST(Engine, an_urgent_job_overtakes_a_running_one_at_the_next_step) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(2);
  worker.start();
  const auto slow = worker.submit({{"seed", 1}, {"steps", 100}});
  ASSERT_TRUE(eventually([&] { return slow->status().step > 2; }));
  const auto urgent = worker.submit({{"seed", 2}, {"steps", 2}, {"priority", 10}});
  ASSERT_EQ(outcome(*urgent), "completed");
  EXPECT_FALSE(slow->ended());
  ASSERT_EQ(outcome(*slow), "completed");
}

TEST(Engine, equal_shapes_share_a_call_and_leave_it_one_by_one) {
  Worker worker(batching(4));
  const auto a = worker.submit({{"seed", 1}, {"steps", 2}});
  const auto b = worker.submit({{"seed", 2}, {"steps", 3}});
  const auto c = worker.submit({{"seed", 3}, {"steps", 3}, {"width", 128}});
  worker.start();
  for (const auto& job : {a, b, c}) ASSERT_EQ(outcome(*job), "completed");
  EXPECT_THAT(worker.backend.calls(), ElementsAre(ElementsAre(1u, 2u), ElementsAre(1u, 2u), ElementsAre(2u),
                                                  ElementsAre(3u), ElementsAre(3u), ElementsAre(3u)));
}

TEST(Engine, a_new_job_joins_at_the_next_step) {
  Worker worker(batching(2));
  std::atomic<bool> joined{false};
  worker.backend.step_time = std::chrono::milliseconds(1);
  worker.backend.on_step = [&](const std::vector<FakeState>& batch) {
    if (batch.size() == 2 && batch[0].evaluations > 0 && batch[1].evaluations == 0) joined = true;
  };
  worker.start();
  const auto first = worker.submit({{"steps", 100}});
  ASSERT_TRUE(eventually([&] { return first->status().step > 2; }));
  const auto second = worker.submit({{"steps", 2}});
  ASSERT_EQ(outcome(*second), "completed");
  EXPECT_TRUE(joined);
  EXPECT_FALSE(first->ended());
}

TEST(Engine, a_picture_is_the_same_whoever_shared_the_batch) {
  std::vector<std::vector<std::byte>> pictures;
  for (int batch : {1, 3, 8}) {
    Worker worker(batching(batch));
    std::vector<std::shared_ptr<Job>> jobs;
    for (int i = 0; i < 6; ++i) jobs.push_back(worker.submit({{"seed", 100 + i}, {"steps", 3 + i % 3}}));
    worker.start();
    std::vector<std::byte> all;
    for (const auto& job : jobs) {
      ASSERT_EQ(outcome(*job), "completed");
      const auto bytes = picture_of(*job);
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    pictures.push_back(all);
  }
  EXPECT_EQ(pictures[0], pictures[1]);
  EXPECT_EQ(pictures[0], pictures[2]);
}

TEST(Engine, a_sampler_that_asks_twice_a_step_reports_whole_steps) {
  Worker worker;
  worker.start();
  const auto job = worker.submit({{"sampler", "heun"}, {"steps", 3}, {"seed", 1}});
  ASSERT_EQ(outcome(*job), "completed");
  EXPECT_EQ(worker.backend.calls().size(), 6u);
  EXPECT_EQ(data_of(*job, EventKind::progress).size(), 3u);
}

TEST(Engine, previews_come_each_n_steps_and_cost_nothing_at_zero) {
  Worker worker;
  worker.start();
  const auto with = worker.submit({{"steps", 6}, {"preview_every", 2}});
  ASSERT_EQ(outcome(*with), "completed");
  const auto previews = data_of(*with, EventKind::preview);
  ASSERT_EQ(previews.size(), 3u);
  EXPECT_EQ(previews[0]["step"], 2);
  EXPECT_EQ(previews[0]["format"], "jpeg");
  EXPECT_THAT(previews[0]["image"].get<std::string>(), ::testing::StartsWith("/9j/"));
  worker.backend.previews = 0;
  ASSERT_EQ(outcome(*worker.submit({{"steps", 6}})), "completed");
  EXPECT_EQ(worker.backend.previews, 0);
}

TEST(Engine, a_waiting_job_is_cancelled_at_once) {
  Worker worker;
  const auto job = worker.submit();
  ASSERT_TRUE(cancel_job(worker.app, *job, "asked").ok());
  EXPECT_EQ(job->state(), JobState::cancelled);
  EXPECT_EQ(worker.app.queue.size(), 0u);
  EXPECT_EQ(cancel_job(worker.app, *job, "again").error().code, ErrorCode::conflict);
  worker.start();
  ASSERT_EQ(outcome(*worker.submit({{"seed", 9}, {"steps", 1}})), "completed");
  EXPECT_THAT(worker.backend.calls(), ElementsAre(ElementsAre(9u)));
}

TEST(Engine, a_running_job_is_cancelled_within_one_step) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(5);
  worker.start();
  const auto job = worker.submit({{"steps", 150}, {"seed", 1}});
  ASSERT_TRUE(eventually([&] { return job->status().step >= 2; }));
  ASSERT_TRUE(cancel_job(worker.app, *job, "asked").ok());
  const std::size_t calls = worker.backend.calls().size();
  const auto next = worker.submit({{"steps", 1}, {"seed", 2}});
  ASSERT_EQ(outcome(*next), "completed");
  EXPECT_EQ(outcome(*job), "cancelled");
  std::size_t after = 0;
  for (const auto& call : worker.backend.calls()) after += call == std::vector<std::uint64_t>{1} ? 1 : 0;
  EXPECT_LE(after, calls + 1);
  EXPECT_TRUE(eventually([&] { return worker.backend.generations_alive == 0; }));
}

TEST(Engine, cancelling_while_it_decodes_drops_the_picture) {
  Worker worker;
  Gate gate;
  worker.backend.on_decode = [&] { gate.pass(); };
  worker.start();
  const auto job = worker.submit({{"steps", 1}});
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  ASSERT_TRUE(cancel_job(worker.app, *job, "asked").ok());
  EXPECT_EQ(outcome(*job), "cancelled");
  gate.open();
  ASSERT_EQ(outcome(*worker.submit({{"steps", 1}})), "completed");
  EXPECT_EQ(job->result(), nullptr);
  EXPECT_EQ(worker.observer.pictures, 1);
}

// Each way a job ends while a picture of it is encoded or decoded: the device is free for the next one at
// once.
class LongCall : public ::testing::TestWithParam<bool> {
 protected:
  // A job whose decode, or whose beginning, takes far longer than the test.
  std::shared_ptr<Job> begun(nlohmann::json fields) {
    auto& time = GetParam() ? worker.backend.decode_time : worker.backend.begin_time;
    time = std::chrono::minutes(5);
    auto job = worker.submit(std::move(fields));
    EXPECT_TRUE(eventually([&] { return worker.backend.long_calls == 1; }));
    return job;
  }
  void expect_next_completes() {
    worker.backend.begin_time = std::chrono::microseconds(0);
    worker.backend.decode_time = std::chrono::microseconds(0);
    EXPECT_EQ(outcome(*worker.submit({{"steps", 1}})), "completed");
    EXPECT_TRUE(eventually([&] { return worker.backend.generations_alive == 0; }));
  }
  Worker worker;
};
INSTANTIATE_TEST_SUITE_P(Engine, LongCall, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "decode" : "begin"; });

TEST_P(LongCall, ends_when_the_job_is_cancelled) {
  worker.start();
  const auto job = begun({{"steps", 1}});
  ASSERT_TRUE(cancel_job(worker.app, *job, "asked").ok());
  expect_next_completes();
  EXPECT_EQ(outcome(*job), "cancelled");
}

TEST_P(LongCall, ends_with_the_deadline_of_the_job) {
  worker.start();
  const auto job = begun({{"steps", 1}, {"timeout_s", 0.2}});
  EXPECT_EQ(outcome(*job), "failed: deadline_exceeded");
  expect_next_completes();
}

TEST_P(LongCall, ends_with_the_time_of_a_drain) {
  worker.start();
  const auto job = begun({{"steps", 1}});
  std::atomic<bool> drained = false;
  worker.app.engine.drain(Deadline::after(std::chrono::milliseconds(20)), [&] { drained = true; });
  EXPECT_EQ(outcome(*job), "failed: shutting_down");
  EXPECT_TRUE(eventually([&] { return drained.load(); }));
}

TEST(Engine, cancelling_while_it_encodes_drops_the_picture) {
  Worker worker;
  Gate gate;
  ASSERT_TRUE(worker.app.encoders.submit([&] { gate.pass(); }));
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  worker.start();
  const auto job = worker.submit({{"steps", 1}});
  ASSERT_TRUE(eventually([&] { return worker.app.encoders.waiting() == 1; }));
  EXPECT_EQ(job->state(), JobState::running);
  ASSERT_TRUE(cancel_job(worker.app, *job, "asked").ok());
  EXPECT_EQ(outcome(*job), "cancelled");
  gate.open();
  ASSERT_EQ(outcome(*worker.submit({{"steps", 1}})), "completed");
  EXPECT_EQ(job->result(), nullptr);
}

TEST(Engine, one_of_a_batch_is_cancelled_and_the_others_go_on) {
  Worker worker(batching(3));
  worker.backend.step_time = std::chrono::milliseconds(2);
  worker.start();
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 3; ++i) jobs.push_back(worker.submit({{"steps", 30}}));
  ASSERT_TRUE(eventually([&] { return jobs[2]->status().step > 2; }));
  ASSERT_TRUE(cancel_job(worker.app, *jobs[1], "asked").ok());
  EXPECT_EQ(outcome(*jobs[0]), "completed");
  EXPECT_EQ(outcome(*jobs[1]), "cancelled");
  EXPECT_EQ(outcome(*jobs[2]), "completed");
}

TEST(Engine, a_job_that_is_not_done_in_time_fails_while_it_runs) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(5);
  worker.start();
  const auto job = worker.submit({{"steps", 150}, {"timeout_s", 0.06}});
  EXPECT_EQ(outcome(*job), "failed: deadline_exceeded");
  EXPECT_GT(job->status().step, 0);
  EXPECT_LT(job->status().step, 100);
}

TEST(Engine, queue_time_counts_towards_the_timeout) {
  Worker worker;
  Gate gate;
  worker.backend.on_decode = [&] { gate.pass(); };
  worker.start();
  const auto first = worker.submit({{"steps", 1}});
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  const auto late = worker.submit({{"timeout_s", 0.01}});
  std::this_thread::sleep_for(std::chrono::milliseconds(15));
  gate.open();
  EXPECT_EQ(outcome(*late), "failed: deadline_exceeded");
  EXPECT_EQ(outcome(*first), "completed");
}

TEST(Engine, a_timeout_passes_while_the_model_loads) {
  Worker worker;
  worker.backend.load_time = std::chrono::milliseconds(400);
  worker.start();
  const auto start = std::chrono::steady_clock::now();
  const auto job = worker.submit({{"timeout_s", 0.02}});
  EXPECT_EQ(outcome(*job), "failed: deadline_exceeded");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(300));
}

TEST(Engine, one_bad_job_ends_alone_with_a_clear_code) {
  const struct {
    const char* prompt;
    const char* outcome;
  } cases[] = {{"begin-error", "failed: invalid_request"},
               {"begin-throw", "failed: internal_error"},
               {"step-throw", "failed: internal_error"},
               {"step-oom", "failed: out_of_memory"},
               {"nan", "failed: not_finite"},
               {"decode-error", "failed: not_finite"},
               {"decode-throw", "failed: out_of_memory"}};
  for (int batch : {1, 4}) {
    Worker worker(batching(batch));
    worker.start();
    for (const auto& [prompt, expected] : cases) {
      const auto before = worker.submit({{"steps", 3}});
      const auto bad = worker.submit({{"prompt", prompt}, {"steps", 3}});
      const auto after = worker.submit({{"steps", 3}});
      EXPECT_EQ(outcome(*bad), expected) << prompt;
      EXPECT_EQ(outcome(*before), "completed") << "beside " << prompt;
      EXPECT_EQ(outcome(*after), "completed") << "beside " << prompt;
      EXPECT_THAT(data_of(*bad, EventKind::error)[0].dump(), Not(HasSubstr("secret"))) << prompt;
    }
    EXPECT_TRUE(eventually([&] { return worker.backend.generations_alive == 0; }));
  }
}

TEST(Engine, a_model_that_cannot_be_loaded_fails_its_jobs_and_no_others) {
  Worker worker;
  worker.backend.broken = {"bad"};
  ASSERT_TRUE(worker.app.models.add({"bad", "/models/bad"}).ok());
  worker.start();
  const auto bad = worker.submit({{"model", "bad"}});
  const auto good = worker.submit({{"model", "m"}});
  EXPECT_EQ(outcome(*bad), "failed: model_invalid");
  EXPECT_EQ(outcome(*good), "completed");
}

TEST(Engine, a_loading_model_does_not_hold_up_jobs_of_another) {
  Worker worker;
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  worker.start();
  ASSERT_EQ(outcome(*worker.submit({{"model", "m"}})), "completed");
  worker.backend.load_time = std::chrono::milliseconds(500);
  const auto waits = worker.submit({{"model", "other"}});
  const auto runs = worker.submit({{"model", "m"}});
  ASSERT_EQ(outcome(*runs), "completed");
  EXPECT_EQ(waits->state(), JobState::queued);
  EXPECT_EQ(outcome(*waits), "completed");
}

// Two models in memory for one.
Settings memory_for_one(std::chrono::milliseconds affinity) {
  Settings settings;
  settings.models.memory_limit_bytes = 100;
  settings.engine.affinity = affinity;
  return settings;
}

constexpr std::chrono::hours kLong(1);

TEST(Engine, without_affinity_jobs_of_two_models_take_turns_in_memory_for_one) {
  Worker worker(memory_for_one({}));
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 20; ++i)
    jobs.push_back(worker.submit({{"model", i % 2 == 0 ? "m" : "other"}, {"steps", 1}}));
  worker.start();
  for (const auto& job : jobs) EXPECT_EQ(outcome(*job), "completed");
  EXPECT_EQ(worker.backend.loads, 20) << "in the order of the queue";
  EXPECT_EQ(worker.backend.models_alive, 1);
}

TEST(Engine, jobs_of_the_loaded_model_go_first_so_that_two_models_are_loaded_once_each) {
  Settings settings = memory_for_one(kLong);
  settings.queue.jobs = 80;
  Worker worker(settings);
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 80; ++i) {
    jobs.push_back(worker.submit({{"model", i % 2 == 0 ? "m" : "other"}, {"steps", 1}, {"seed", i}}));
  }
  worker.start();
  for (const auto& job : jobs) EXPECT_EQ(outcome(*job), "completed");
  EXPECT_EQ(worker.backend.loads, 2);
  std::vector<std::vector<std::uint64_t>> expected;
  for (std::uint64_t first : {0, 1}) {
    for (std::uint64_t seed = first; seed < 80; seed += 2) expected.push_back({seed});
  }
  EXPECT_EQ(worker.backend.calls(), expected) << "each model's jobs in the order they came";
}

TEST(Engine, a_job_is_overtaken_for_no_longer_than_the_bound) {
  using std::chrono::milliseconds;
  const milliseconds bound(300);
  Worker worker(memory_for_one(bound));
  worker.backend.step_time = milliseconds(2);
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  Gate gate;
  std::atomic<bool> first{true};
  worker.backend.on_decode = [&] {
    if (first.exchange(false)) gate.pass();
  };
  worker.start();
  std::vector<std::shared_ptr<Job>> stream{worker.submit({{"steps", 1}})};
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  const auto rare = worker.submit({{"model", "other"}, {"steps", 1}});
  for (int i = 0; i < 60; ++i) stream.push_back(worker.submit({{"steps", 5}}));  // of 10 ms each
  gate.open();
  ASSERT_EQ(outcome(*rare), "completed");
  const auto ended =
      std::count_if(stream.begin(), stream.end(), [](const auto& job) { return job->ended(); });
  EXPECT_GT(ended, 1) << "some went before it";
  EXPECT_LE(ended, 1 + 30 + 1) << "those that began within 300 ms, of 10 ms each";
  for (const auto& job : stream) EXPECT_EQ(outcome(*job), "completed");
}

TEST(Engine, affinity_does_not_beat_priority) {
  Worker worker(memory_for_one(kLong));
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  ASSERT_TRUE(worker.app.models.request_load("m").ok());
  ASSERT_TRUE(eventually([&] { return worker.app.models.readiness().ready; }));
  const auto low = worker.submit({{"seed", 1}, {"steps", 1}});
  const auto urgent = worker.submit({{"seed", 2}, {"steps", 1}, {"model", "other"}, {"priority", 1}});
  const auto equal = worker.submit({{"seed", 3}, {"steps", 1}, {"priority", 1}});
  worker.start();
  for (const auto& job : {low, urgent, equal}) ASSERT_EQ(outcome(*job), "completed");
  EXPECT_THAT(worker.backend.calls(), ElementsAre(ElementsAre(3u), ElementsAre(2u), ElementsAre(1u)));
}

TEST(Engine, a_steady_stream_for_one_model_does_not_starve_another) {
  Worker worker(memory_for_one({}));
  ASSERT_TRUE(worker.app.models.add({"other", "/models/other"}).ok());
  worker.start();
  ASSERT_EQ(outcome(*worker.submit()), "completed");
  const auto keep_busy = [&] { return worker.submit({{"steps", 2}}); };
  std::vector<std::shared_ptr<Job>> stream{keep_busy(), keep_busy()};
  const auto rare = worker.submit({{"model", "other"}});
  for (int i = 0; i < 10; ++i) stream.push_back(keep_busy());
  EXPECT_EQ(outcome(*rare), "completed");
  EXPECT_FALSE(stream.back()->ended());
  for (const auto& job : stream) EXPECT_EQ(outcome(*job), "completed");
}

TEST(Engine, unloading_waits_for_the_running_job) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(2);
  worker.start();
  const auto job = worker.submit({{"steps", 20}});
  ASSERT_TRUE(eventually([&] { return job->state() == JobState::running; }));
  ASSERT_TRUE(worker.app.models.request_unload("m").ok());
  EXPECT_EQ(outcome(*job), "completed");
  EXPECT_TRUE(eventually([&] { return worker.backend.models_alive == 0; }));
}

}  // namespace
}  // namespace sdw::jobs
