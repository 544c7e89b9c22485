#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>

#include "schedulers/registry.h"
#include "schedulers/scheduler_settings.h"

namespace sdw::schedulers {
namespace {

using testing::HasSubstr;

class SchedulerConfig : public testing::Test {
 protected:
  Result<SchedulerSettings> load(const std::string& text) const {
    std::ofstream(path_) << text;
    return load_scheduler_settings(path_);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      ("scheduler_config_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
       ".json");
};

TEST_F(SchedulerConfig, OfStableDiffusionLoads) {
  const auto settings =
      load(R"({"_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "beta_start": 0.00085, "num_train_timesteps": 1000, "set_alpha_to_one": false, "skip_prk_steps": true,
    "steps_offset": 1, "trained_betas": null, "clip_sample": false})");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(*own_sampler(*settings), "pndm");
}

TEST_F(SchedulerConfig, WithPythonsInfinityLoads) {
  const auto settings =
      load(R"({"_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity,
    "algorithm_type": "sde-dpmsolver++", "_note": "Infinity and \"NaN\" stay in a string"})");
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->fields["_note"], "Infinity and \"NaN\" stay in a string");
  EXPECT_EQ(*own_sampler(*settings), "dpmpp_2m_sde");
}

TEST_F(SchedulerConfig, ThatIsMissingIsSaidToBeMissing) {
  const auto settings = load_scheduler_settings("/nonexistent/scheduler_config.json");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::model_not_found);
}

TEST_F(SchedulerConfig, OfAnUnknownClassIsAnsweredWithTheKnownOnes) {
  const auto settings = load(R"({"_class_name": "FlowMatchEulerDiscreteScheduler"})");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().code, ErrorCode::model_invalid);
  EXPECT_THAT(settings.error().message, HasSubstr("FlowMatchEulerDiscreteScheduler"));
  EXPECT_THAT(settings.error().message, HasSubstr("UniPCMultistepScheduler"));
}

TEST_F(SchedulerConfig, ThatCannotBeUsedIsRefusedWithTheFieldsName) {
  const std::pair<const char*, const char*> cases[] = {
      {"num_train_timesteps", "0"},
      {"num_train_timesteps", "-1"},
      {"num_train_timesteps", "1000000000"},
      {"num_train_timesteps", "12.5"},
      {"num_train_timesteps", "\"1000\""},
      {"beta_start", "0"},
      {"beta_start", "NaN"},  // reads as null, and null is not a number to start from
      {"beta_end", "1.0"},
      {"beta_end", "-0.1"},
      {"beta_end", "[0.1]"},
      {"beta_schedule", "\"cubic\""},
      {"beta_schedule", "7"},
      {"trained_betas", "[0.1, 0.2]"},
      {"trained_betas", "[2]"},
      {"trained_betas", "0.5"},
      {"prediction_type", "\"flow_prediction\""},
      {"timestep_spacing", "\"random\""},
      {"steps_offset", "999"},
      {"steps_offset", "1e300"},
      {"clip_sample", "\"yes\""},
      {"clip_sample_range", "-1"},
      {"set_alpha_to_one", "2"},
      {"dynamic_thresholding_ratio", "1.5"},
  };
  for (const auto& [field, value] : cases) {
    const auto settings =
        load(std::string(R"({"_class_name": "DDIMScheduler", ")") + field + "\": " + value + "}");
    if (std::string(value) == "NaN") {
      EXPECT_TRUE(settings) << field;
      continue;
    }
    ASSERT_FALSE(settings) << field << " " << value;
    EXPECT_EQ(settings.error().code, ErrorCode::model_invalid) << field << " " << value;
    EXPECT_EQ(settings.error().param, field) << settings.error().message;
  }
}

TEST_F(SchedulerConfig, ThatIsNoConfigurationIsRefused) {
  for (const auto* text :
       {"", "[]", "null", "{", "{\"_class_name\": 3}", "{\"beta_end\": 0.012}", "\"PNDMScheduler\"",
        "{\"_class_name\": \"\"}", "{\"_class_name\": \"\\", "\"-Infinity"}) {
    const auto settings = load(text);
    ASSERT_FALSE(settings) << text;
    EXPECT_EQ(settings.error().code, ErrorCode::model_invalid) << text;
  }
}

TEST_F(SchedulerConfig, ForTextToImageIsCorrectedWhereItIsOutdated) {
  const SchedulerSettings settings{"DDIMScheduler", {{"steps_offset", 0}}};
  const auto text = corrected_for_stable_diffusion(settings, /*inpaint=*/false);
  EXPECT_EQ(text.fields["steps_offset"], 1);
  EXPECT_EQ(text.own_fields["clip_sample"], false);
  const auto inpaint =
      corrected_for_stable_diffusion({"PNDMScheduler", {{"skip_prk_steps", false}}}, /*inpaint=*/true);
  EXPECT_EQ(inpaint.fields["skip_prk_steps"], true);
  EXPECT_EQ(inpaint.own_fields["steps_offset"], 1);
}

}  // namespace
}  // namespace sdw::schedulers
