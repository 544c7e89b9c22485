#include <gtest/gtest.h>

#include "jobs/stream_reader.h"
#include "unit/jobs/worker.h"

namespace sdw::jobs {
namespace {

// As the server does it: reads on each wake-up until the end.
std::vector<Event> read_all(StreamReader& reader) {
  std::vector<Event> all;
  eventually([&] {
    const auto events = reader.read(3);
    all.insert(all.end(), events.begin(), events.end());
    return reader.at_end();
  });
  return all;
}

std::vector<std::uint64_t> ids(const std::vector<Event>& events) {
  std::vector<std::uint64_t> out;
  for (const Event& event : events) out.push_back(event.id);
  return out;
}

const auto kNoWake = [] {};

TEST(StreamReader, readers_before_during_and_after_the_job_see_the_same) {
  Worker worker;
  const auto job = worker.submit({{"steps", 20}, {"preview_every", 3}});
  StreamReader before(worker.app, job, "", kNoWake);
  worker.start();
  ASSERT_TRUE(eventually([&] { return job->status().step > 3; }));
  StreamReader during(worker.app, job, "", kNoWake);
  const auto first = read_all(before);
  const auto second = read_all(during);
  StreamReader after(worker.app, job, "", kNoWake);
  const auto third = read_all(after);
  EXPECT_EQ(ids(first), ids(third));
  EXPECT_EQ(ids(second), ids(third));
  EXPECT_EQ(first.front().kind, contract::EventKind::queued);
  EXPECT_EQ(first.back().kind, contract::EventKind::complete);
  EXPECT_EQ(before.closing_line(), "[DONE]");
}

TEST(StreamReader, resumes_after_the_last_event_id) {
  Worker worker;
  worker.start();
  const auto job = worker.submit({{"steps", 5}});
  ASSERT_TRUE(wait_ended(*job));
  const std::uint64_t last = job->events().last_id();
  StreamReader resumed(worker.app, job, std::to_string(last - 2), kNoWake);
  EXPECT_EQ(ids(read_all(resumed)), (std::vector<std::uint64_t>{last - 1, last}));
  StreamReader at_the_end(worker.app, job, std::to_string(last), kNoWake);
  EXPECT_TRUE(read_all(at_the_end).empty());
  EXPECT_TRUE(at_the_end.at_end());
  for (const char* unknown : {"abc", "-1", "1x", "999999", "99999999999999999999999"}) {
    StreamReader reader(worker.app, job, unknown, kNoWake);
    EXPECT_EQ(read_all(reader).size(), events_of(*job).size()) << unknown;
  }
}

TEST(StreamReader, a_failed_job_closes_with_its_message) {
  Worker worker;
  worker.start();
  const auto job = worker.submit({{"prompt", "nan"}});
  ASSERT_TRUE(wait_ended(*job));
  StreamReader reader(worker.app, job, "", kNoWake);
  read_all(reader);
  EXPECT_EQ(reader.closing_line(), "[ERROR] the latents are NaN");
}

TEST(StreamReader, a_reader_that_never_reads_is_woken_and_costs_no_queue) {
  Settings settings;
  settings.events.per_job = 16;
  Worker worker(settings);
  std::atomic<int> wakes{0};
  const auto job = worker.submit({{"steps", 150}});
  StreamReader idle(worker.app, job, "", [&] { ++wakes; });
  worker.start();
  ASSERT_EQ(outcome(*job), "completed");
  EXPECT_GT(wakes, 100);
  EXPECT_LE(events_of(*job).size(), 16u);
  const auto late = read_all(idle);
  EXPECT_EQ(late.back().kind, contract::EventKind::complete) << "the end is never lost";
}

TEST(StreamReader, a_job_that_asked_for_it_is_cancelled_with_its_last_reader) {
  Worker worker;
  worker.backend.step_time = std::chrono::milliseconds(2);
  worker.start();
  const auto job = worker.submit({{"steps", 150}, {"cancel_on_disconnect", true}});
  const auto other = worker.submit({{"steps", 2}});
  ASSERT_TRUE(eventually([&] { return job->status().step > 1; })) << "it waits for no reader";
  {
    StreamReader a(worker.app, job, "", kNoWake);
    { StreamReader b(worker.app, job, "", kNoWake); }
    EXPECT_FALSE(job->ended()) << "one is still there";
  }
  EXPECT_EQ(outcome(*job), "cancelled");
  { StreamReader reader(worker.app, other, "", kNoWake); }
  EXPECT_EQ(outcome(*other), "completed");
}

TEST(StreamReader, a_thousand_readers_of_one_job_all_see_its_end) {
  Worker worker;
  const auto job = worker.submit({{"steps", 10}});
  std::vector<std::unique_ptr<StreamReader>> readers;
  for (int i = 0; i < 1000; ++i)
    readers.push_back(std::make_unique<StreamReader>(worker.app, job, "", kNoWake));
  worker.start();
  ASSERT_EQ(outcome(*job), "completed");
  for (const auto& reader : readers) {
    ASSERT_FALSE(reader->read(1000).empty());
    EXPECT_TRUE(reader->at_end());
  }
  readers.clear();
  EXPECT_EQ(job->events().subscribers(), 0u);
}

}  // namespace
}  // namespace sdw::jobs
