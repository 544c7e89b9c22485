#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "jobs/job.h"
#include "jobs/job_id.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::JobState;
using nlohmann::json;

JobSpec spec() {
  JobSpec out;
  out.id = make_job_id();
  out.model = std::string("m");
  return out;
}

std::shared_ptr<const JobResult> result() {
  auto out = std::make_shared<JobResult>();
  out->document = std::make_shared<const std::string>("{}");
  out->pictures.emplace_back();
  return out;
}

TEST(Job, ids_are_random_uuids_of_version_4) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const std::string id = make_job_id();
    ASSERT_EQ(id.size(), 40u) << id;
    EXPECT_EQ(id.substr(0, 4), "job-");
    EXPECT_EQ(id[18], '4') << id;
    EXPECT_NE(std::string("89ab").find(id[23]), std::string::npos) << id;
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST(Job, tells_its_life_in_order) {
  Job job(spec(), {});
  job.report_queued({1, 500});
  EXPECT_EQ(job.state(), JobState::queued);
  EXPECT_EQ(job.status().position, 1);
  job.report_queued({1, 400});
  job.start({"m", 7, 2}, 2, json::object());
  EXPECT_EQ(job.state(), JobState::running);
  EXPECT_FALSE(job.status().position);
  job.report_progress({1, 2, 100});
  EXPECT_EQ(job.status().step, 1);
  job.report_progress({2, 2, 0});
  job.complete(result());
  EXPECT_EQ(names_of(events_of(job)),
            (std::vector<std::string>{"queued", "started", "progress", "progress", "complete"}));
  EXPECT_TRUE(job.status().finished_at);
  EXPECT_EQ(job.status().pictures, 1);
}

TEST(Job, nothing_changes_after_the_end) {
  int told = 0;
  Job job(spec(), {}, [&](const Job&) { ++told; });
  EXPECT_TRUE(job.cancel("asked"));
  EXPECT_FALSE(job.cancel("again"));
  EXPECT_FALSE(job.fail({ErrorCode::not_finite, "late"}));
  EXPECT_FALSE(job.complete(result()));
  EXPECT_FALSE(job.start({"m", 1, 1}, 1, json::object()));
  EXPECT_FALSE(job.report_progress({1, 1, 0}));
  EXPECT_FALSE(job.report_queued({2}));
  EXPECT_EQ(job.state(), JobState::cancelled);
  EXPECT_EQ(job.status().cancel_reason, "asked");
  EXPECT_EQ(names_of(events_of(job)), (std::vector<std::string>{"cancelled"}));
  EXPECT_EQ(told, 1);
}

TEST(Job, has_one_end_whoever_comes_first) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> told{0};
    Job job(spec(), {}, [&](const Job&) { ++told; });
    job.start({"m", 1, 100}, 100, json::object());
    std::atomic<int> won{0};
    std::thread a([&] { won += job.cancel("a") ? 1 : 0; });
    std::thread b([&] { won += job.complete(result()) ? 1 : 0; });
    std::thread c([&] { won += job.fail({ErrorCode::not_finite, "c"}) ? 1 : 0; });
    for (int i = 1; i <= 20; ++i) job.report_progress({i, 100, 0});
    a.join();
    b.join();
    c.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(told, 1);
    const auto events = events_of(job);
    int terminal = 0;
    for (const Event& event : events) terminal += contract::is_terminal(event.kind) ? 1 : 0;
    EXPECT_EQ(terminal, 1);
    EXPECT_TRUE(contract::is_terminal(events.back().kind));
  }
}

TEST(Job, lets_its_pictures_go_at_the_end) {
  JobSpec with_picture = spec();
  with_picture.pictures.input = std::make_shared<const io::Picture>();
  const std::weak_ptr<const io::Picture> picture = with_picture.pictures.input;
  Job job(std::move(with_picture), {});
  EXPECT_FALSE(picture.expired());
  job.cancel("");
  EXPECT_TRUE(picture.expired());
}

}  // namespace
}  // namespace sdw::jobs
