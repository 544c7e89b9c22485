#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <string>

#include "request/names.h"

namespace sdw::request {
namespace {

TEST(SamplerNames, EveryColumnOfTheTableIsUnderstood) {
  const std::map<std::string, std::string> expected = {
      {"euler", "euler"},
      {"Euler a", "euler_a"},
      {"k_euler_ancestral", "euler_a"},
      {"DPM++ 2M", "dpmpp_2m"},
      {"dpm++ 2m sde", "dpmpp_2m_sde"},
      {"k_dpmpp_2m", "dpmpp_2m"},
      {"PLMS", "pndm"},
      {"plms", "pndm"},
      {"UniPC", "unipc"},
      {"uni_pc", "unipc"},
      {"KDPM_2_A", "dpm2_a"},
      {"DPM2 a", "dpm2_a"},
      {"LCM", "lcm"},
      {"PNDMScheduler", "pndm"},
      {"EulerAncestralDiscrete", "euler_a"},
      {"DPMSolverMultistepScheduler", "dpmpp_2m"},
  };
  for (const auto& [name, id] : expected) {
    const auto got = canonical_sampler(name);
    ASSERT_TRUE(got) << name << ": " << got.error().message;
    EXPECT_EQ(*got, id) << name;
  }
}

TEST(SamplerNames, NoTwoSamplersShareAName) {
  std::map<std::string, std::string_view> seen;
  for (const auto& entry : sampler_names()) {
    for (const auto name : entry.aliases) {
      EXPECT_TRUE(seen.emplace(std::string(name), entry.id).second)
          << name << " is also " << seen[std::string(name)];
      EXPECT_EQ(*canonical_sampler(name), entry.id) << name;
    }
    EXPECT_EQ(*canonical_sampler(entry.label), entry.id);
  }
}

TEST(SamplerNames, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto got = canonical_sampler(std::string(1 << 20, 'x'));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, ErrorCode::invalid_request);
  EXPECT_EQ(got.error().param, "sampler");
  EXPECT_THAT(got.error().message, testing::HasSubstr("dpmpp_2m_sde"));
  EXPECT_LT(got.error().message.size(), 500);
}

TEST(ScheduleNames, SynonymsMeanTheSameSchedule) {
  for (const auto* name : {"trailing", "SGM Uniform", "SGMUniform", "simple", "sgm_uniform"}) {
    EXPECT_EQ(*canonical_schedule(name), "sgm_uniform") << name;
  }
  for (const auto* name : {"normal", "Uniform", "discrete", "linspace"}) {
    EXPECT_EQ(*canonical_schedule(name), "linspace") << name;
  }
  EXPECT_EQ(*canonical_schedule("Automatic"), "model");
  EXPECT_EQ(canonical_schedule("ays").error().param, "schedule");
}

TEST(SamplerNames, TheOldNamesWithAScheduleAtTheEndAreTakenApart) {
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(*split_sampler_and_schedule("DPM++ 2M Karras"), Pair("dpmpp_2m", "karras"));
  EXPECT_EQ(*split_sampler_and_schedule("dpm++ 2m sde exponential"), Pair("dpmpp_2m_sde", "exponential"));
  EXPECT_EQ(*split_sampler_and_schedule("Euler a SGM Uniform"), Pair("euler_a", "sgm_uniform"));
  EXPECT_EQ(*split_sampler_and_schedule(" DPM2 a "), Pair("dpm2_a", ""));
  EXPECT_FALSE(split_sampler_and_schedule("Karras"));
  EXPECT_FALSE(split_sampler_and_schedule(""));
  EXPECT_FALSE(split_sampler_and_schedule("Warp Karras"));
}

}  // namespace
}  // namespace sdw::request
