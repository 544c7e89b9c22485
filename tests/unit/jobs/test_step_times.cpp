#include <gtest/gtest.h>

#include "jobs/step_times.h"

namespace sdw::jobs {
namespace {

const StepShape kShape{"m", 512, 512, true};

TEST(StepTimes, knows_nothing_before_it_has_measured) {
  StepTimes times;
  EXPECT_FALSE(times.step_ms(kShape, 1));
  EXPECT_FALSE(times.job_ms(kShape, 20, 1, 1));
  times.record_step({"other", 512, 512, true}, 1, 100);
  EXPECT_FALSE(times.step_ms(kShape, 1)) << "another model says nothing";
}

TEST(StepTimes, follows_what_it_measures) {
  StepTimes times;
  times.record_step(kShape, 1, 100);
  EXPECT_DOUBLE_EQ(*times.step_ms(kShape, 1), 100);
  for (int i = 0; i < 50; ++i) times.record_step(kShape, 1, 200);
  EXPECT_NEAR(*times.step_ms(kShape, 1), 200, 1);
}

TEST(StepTimes, a_shared_call_counts_by_its_share) {
  StepTimes times;
  times.record_step(kShape, 4, 200);
  EXPECT_DOUBLE_EQ(*times.step_ms(kShape, 4), 50);
}

TEST(StepTimes, an_unknown_size_is_taken_from_the_nearest) {
  StepTimes times;
  times.record_step(kShape, 1, 100);
  times.record_step({"m", 1024, 1024, true}, 1, 500);
  EXPECT_DOUBLE_EQ(*times.step_ms({"m", 512, 1024, true}, 1), 200);
  EXPECT_DOUBLE_EQ(*times.step_ms({"m", 1024, 960, true}, 1), 500 * 960.0 / 1024);
  EXPECT_DOUBLE_EQ(*times.step_ms({"m", 512, 512, false}, 1), 50) << "one pass in place of two";
  EXPECT_DOUBLE_EQ(*times.step_ms({"m", 512, 512, true, {.guidance_end = 0.5}}, 1), 75);
  EXPECT_DOUBLE_EQ(*times.step_ms({"m", 512, 512, true, {.cross_attention_end = 0.5}}, 1), 75);
  EXPECT_NEAR(*times.step_ms({"m", 512, 512, true, {.deep_cache_interval = 2}}, 1), 55, 1e-9);
}

TEST(StepTimes, a_job_is_its_steps_and_its_overhead) {
  StepTimes times;
  times.record_step(kShape, 1, 100);
  times.record_overhead(kShape, 300);
  EXPECT_DOUBLE_EQ(*times.job_ms(kShape, 20, 1, 1), 2300);
  EXPECT_DOUBLE_EQ(*times.job_ms(kShape, 20, 2, 1), 4600);
}

}  // namespace
}  // namespace sdw::jobs
