#include <gtest/gtest.h>

#include "jobs/affinity.h"

namespace sdw::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Affinity::Clock::time_point kStart{};

RequestQueue::Entry waiting(std::uint64_t number) {
  return {{kStart, number}, nullptr};
}

TEST(Affinity, a_job_is_overtaken_until_the_bound_after_the_first_time) {
  Affinity affinity(seconds(30));
  const RequestQueue::Entry job[] = {waiting(1)};
  EXPECT_TRUE(affinity.may_overtake(job[0], kStart + seconds(1000))) << "nobody has gone before it yet";
  affinity.note_overtaken(job, kStart);
  for (const int second : {10, 20, 29}) {
    EXPECT_TRUE(affinity.may_overtake(job[0], kStart + seconds(second)));
    affinity.note_overtaken(job, kStart + seconds(second));
  }
  EXPECT_FALSE(affinity.may_overtake(job[0], kStart + seconds(30)));
  EXPECT_FALSE(affinity.may_overtake(job[0], kStart + seconds(1000)));
  EXPECT_TRUE(affinity.may_overtake(waiting(2), kStart + seconds(30))) << "each job has its own bound";
}

TEST(Affinity, zero_turns_it_off) {
  const Affinity affinity(milliseconds(0));
  EXPECT_FALSE(affinity.enabled());
  EXPECT_FALSE(affinity.may_overtake(waiting(1), kStart));
}

TEST(Affinity, a_job_that_no_longer_waits_is_forgotten) {
  Affinity affinity(seconds(30));
  const RequestQueue::Entry jobs[] = {waiting(1), waiting(2)};
  affinity.note_overtaken(jobs, kStart);
  affinity.keep_only({jobs + 1, 1});
  EXPECT_TRUE(affinity.may_overtake(jobs[0], kStart + seconds(30)));
  EXPECT_FALSE(affinity.may_overtake(jobs[1], kStart + seconds(30)));
}

}  // namespace
}  // namespace sdw::jobs
