#include <gtest/gtest.h>
#include <set>
#include <thread>

#include "jobs/job_registry.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

using contract::JobState;

const JobRegistry::Enqueue kTaken = [](const std::shared_ptr<Job>&) { return ok_status(); };

struct Registry {
  explicit Registry(const RetentionSettings& retention = {}) : jobs({}, retention, observer) {}
  std::shared_ptr<Job> create() { return jobs.create({}, {}, kTaken)->job; }
  CountingObserver observer;
  JobRegistry jobs;
};

std::shared_ptr<const JobResult> result(std::size_t bytes = 10) {
  auto out = std::make_shared<JobResult>();
  out->document = std::make_shared<const std::string>("{}");
  out->pictures.push_back({std::vector<std::byte>(bytes), 0, ""});
  return out;
}

TEST(JobRegistry, finds_what_it_made_and_nothing_else) {
  Registry registry;
  const auto job = registry.create();
  EXPECT_EQ(*registry.jobs.find(job->id()), job);
  for (const char* id : {"", "job-0", "job-00000000-0000-4000-8000-000000000000"}) {
    const auto found = registry.jobs.find(id);
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code, ErrorCode::not_found);
  }
}

TEST(JobRegistry, keeps_nothing_of_a_job_that_could_not_be_queued) {
  Registry registry;
  std::string id;
  const auto refuse = [&](const std::shared_ptr<Job>& job) -> Status {
    id = job->id();
    return Error{ErrorCode::queue_full, "full"};
  };
  EXPECT_EQ(registry.jobs.create({}, {"key", "1"}, refuse).error().code, ErrorCode::queue_full);
  EXPECT_EQ(registry.jobs.find(id).error().code, ErrorCode::not_found);
  EXPECT_FALSE(registry.jobs.create({}, {"key", "1"}, kTaken)->replayed);
}

TEST(JobRegistry, the_same_key_returns_the_same_job) {
  Registry registry;
  const auto first = registry.jobs.create({}, {"key", "1"}, kTaken);
  const auto again = registry.jobs.create({}, {"key", "1"}, kTaken);
  EXPECT_FALSE(first->replayed);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->job, first->job);
  EXPECT_EQ(*registry.jobs.find_replayed({"key", "1"}), first->job);
  EXPECT_FALSE(registry.jobs.create({}, {"other", "1"}, kTaken)->replayed);
  EXPECT_FALSE(registry.jobs.create({}, {}, kTaken)->replayed);
}

TEST(JobRegistry, the_same_key_with_another_body_is_refused) {
  Registry registry;
  ASSERT_TRUE(registry.jobs.create({}, {"key", "1"}, kTaken).ok());
  const auto other = registry.jobs.create({}, {"key", "2"}, kTaken);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(other.error().param, "Idempotency-Key");
}

TEST(JobRegistry, racing_retries_make_one_job) {
  Registry registry;
  std::vector<std::thread> threads;
  std::vector<std::string> ids(8);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    threads.emplace_back([&, i] { ids[i] = registry.jobs.create({}, {"key", "1"}, kTaken)->job->id(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 1u);
}

TEST(JobRegistry, remembers_a_bounded_number_of_keys) {
  Registry registry({.idempotency_keys = 2});
  for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(registry.jobs.create({}, {key, "1"}, kTaken).ok());
  EXPECT_EQ(*registry.jobs.find_replayed({"a", "1"}), nullptr);
  EXPECT_NE(*registry.jobs.find_replayed({"c", "1"}), nullptr);
}

TEST(JobRegistry, lists_newest_first_page_by_page) {
  Registry registry;
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.insert(made.begin(), registry.create()->id());
  std::vector<std::string> seen;
  std::string cursor;
  std::vector<std::size_t> sizes;
  do {
    const auto page = registry.jobs.list(std::nullopt, 2, cursor);
    ASSERT_TRUE(page.ok());
    sizes.push_back(page->jobs.size());
    for (const auto& job : page->jobs) seen.push_back(job.id);
    cursor = page->next_cursor.value_or("");
    registry.create();  // a new one does not shift the pages
  } while (!cursor.empty());
  EXPECT_EQ(seen, made);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{2, 2, 1}));
}

TEST(JobRegistry, lists_by_state) {
  Registry registry;
  const auto a = registry.create();
  const auto b = registry.create();
  registry.create();
  a->cancel("");
  b->start({}, 1, nlohmann::json::object());
  EXPECT_EQ(registry.jobs.list(JobState::cancelled, 10, "")->jobs.at(0).id, a->id());
  EXPECT_EQ(registry.jobs.list(JobState::running, 10, "")->jobs.size(), 1u);
  EXPECT_EQ(registry.jobs.list(JobState::completed, 10, "")->jobs.size(), 0u);
  for (const char* cursor : {"x", "-1", "1x", "99999999999999999999999"}) {
    EXPECT_EQ(registry.jobs.list(std::nullopt, 10, cursor).error().param, "cursor") << cursor;
  }
  const JobCounts counts = registry.jobs.counts();
  EXPECT_EQ(counts.queued, 1u);
  EXPECT_EQ(counts.running, 1u);
  EXPECT_EQ(counts.cancelled, 1u);
  EXPECT_EQ(registry.jobs.unfinished().size(), 2u);
}

TEST(JobRegistry, results_beyond_the_bytes_expire_oldest_first) {
  Registry registry({.result_bytes = 100'000});
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(registry.create());
    jobs.back()->complete(result(40'000));
  }
  EXPECT_EQ(registry.jobs.find(jobs[0]->id()).error().code, ErrorCode::expired);
  EXPECT_EQ(registry.jobs.find(jobs[1]->id()).error().code, ErrorCode::expired);
  EXPECT_TRUE(registry.jobs.find(jobs[2]->id()).ok());
  EXPECT_TRUE(registry.jobs.find(jobs[3]->id()).ok());
  EXPECT_LE(registry.jobs.counts().result_bytes, 100'000u);
  EXPECT_EQ(registry.observer.expired, 2);
}

TEST(JobRegistry, the_newest_result_is_kept_whatever_its_size) {
  Registry registry({.result_bytes = 100});
  const auto job = registry.create();
  job->complete(result(40'000));
  EXPECT_TRUE(registry.jobs.find(job->id()).ok());
}

TEST(JobRegistry, results_expire_with_age_and_free_their_key) {
  Registry registry({.result_age = std::chrono::seconds(0)});
  const auto job = registry.jobs.create({}, {"key", "1"}, kTaken)->job;
  EXPECT_TRUE(registry.jobs.find(job->id()).ok()) << "what has not ended does not expire";
  job->complete(result());
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(registry.jobs.find(job->id()).error().code, ErrorCode::expired);
  EXPECT_EQ(registry.jobs.list(std::nullopt, 10, "")->jobs.size(), 0u);
  EXPECT_FALSE(registry.jobs.create({}, {"key", "2"}, kTaken)->replayed);
}

TEST(JobRegistry, the_number_of_ended_jobs_is_bounded) {
  Registry registry({.jobs = 3, .expired_ids = 2});
  std::vector<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    const auto job = registry.create();
    ids.push_back(job->id());
    job->cancel("");
  }
  EXPECT_EQ(registry.jobs.counts().cancelled, 3u);
  EXPECT_EQ(registry.jobs.find(ids[6]).error().code, ErrorCode::expired);
  EXPECT_EQ(registry.jobs.find(ids[0]).error().code, ErrorCode::not_found) << "forgotten in the end";
}

}  // namespace
}  // namespace sdw::jobs
