#include "pipeline/sampling_config.h"

#include <gtest/gtest.h>

#include "pipeline/model_components.h"

namespace sdw::pipeline {
namespace {

ModelComponents model() {
  ModelComponents components;
  components.scheduler_settings = {"DDIMScheduler", {{"beta_schedule", "scaled_linear"}}};
  components.defaults = {.width = 512, .height = 384, .steps = 20, .guidance_scale = 7.5};
  return components;
}

std::string refused_field(const SamplingOptions& options, const ModelComponents& components = model()) {
  const auto config = make_sampling_config(options, components, 0, 0);
  return config ? "accepted" : config.error().param;
}

TEST(SamplingConfig, WhatIsLeftOutComesFromTheModel) {
  const auto config = make_sampling_config({}, model(), 0, 0);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->width, 512);
  EXPECT_EQ(config->height, 384);
  EXPECT_EQ(config->steps, 20);
  EXPECT_EQ(config->guidance_scale, 7.5);
}

TEST(SamplingConfig, ATransformKeepsTheInputsSizeRoundedDown) {
  const auto config = make_sampling_config({.operation = Operation::image_transform}, model(), 131, 76);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->width, 128);
  EXPECT_EQ(config->height, 72);
  EXPECT_EQ(config->strength, 0.8);
}

TEST(SamplingConfig, AnInputThatNoSizeFitsIsNamedByItsOwnSize) {
  for (const auto& [width, height] : {std::pair(7, 5), {63, 64}, {64, 63}, {2056, 64}}) {
    const auto refused =
        make_sampling_config({.operation = Operation::image_transform}, model(), width, height);
    ASSERT_FALSE(refused) << width << " x " << height;
    EXPECT_EQ(refused.error().param, "input_image");
    EXPECT_NE(refused.error().message.find(std::to_string(width) + " x " + std::to_string(height)),
              std::string::npos)
        << refused.error().message;
  }
  SamplingOptions scaled{.operation = Operation::image_inpaint, .width = 64, .height = 64};
  EXPECT_TRUE(make_sampling_config(scaled, model(), 7, 5));
  EXPECT_TRUE(make_sampling_config({.operation = Operation::image_transform}, model(), 64, 2055));
}

TEST(SamplingConfig, ARefusalNamesTheField) {
  EXPECT_EQ(refused_field({.width = 100}), "width");
  EXPECT_EQ(refused_field({.height = 56}), "height");
  EXPECT_EQ(refused_field({.height = 4096}), "height");
  EXPECT_EQ(refused_field({.steps = 0}), "steps");
  EXPECT_EQ(refused_field({.steps = 151}), "steps");
  EXPECT_EQ(refused_field({.guidance_scale = -0.5}), "guidance_scale");
  EXPECT_EQ(refused_field({.guidance_scale = std::numeric_limits<double>::quiet_NaN()}), "guidance_scale");
  EXPECT_EQ(refused_field({.operation = Operation::image_transform, .strength = 1.5}), "strength");
  EXPECT_EQ(refused_field({.sampler = "no such sampler"}), "sampler");
  EXPECT_EQ(refused_field({.schedule = "no such schedule"}), "schedule");
  EXPECT_EQ(refused_field({.clip_skip = 13}), "clip_skip");
  EXPECT_EQ(refused_field({.guidance_start = -0.1}), "guidance_start");
  EXPECT_EQ(refused_field({.guidance_end = 1.5}), "guidance_end");
  EXPECT_EQ(refused_field({.cross_attention_end = -0.5}), "cross_attention_end");
  EXPECT_EQ(refused_field({.token_merging_ratio = 0.8}), "token_merging_ratio");
  EXPECT_EQ(refused_field({.deep_cache_interval = 11}), "deep_cache_interval");
}

TEST(SamplingConfig, AStrengthThatLeavesNoStepIsRefused) {
  EXPECT_NE(refused_field({.operation = Operation::image_transform, .steps = 4, .strength = 0.2}),
            "accepted");
}

TEST(SamplingConfig, AnInpaintingModelAsksForAMask) {
  auto inpainting = model();
  inpainting.inpainting = true;
  EXPECT_EQ(refused_field({}, inpainting), "operation");
  EXPECT_EQ(refused_field({.operation = Operation::image_inpaint}, inpainting), "accepted");
}

TEST(SamplingConfig, AliasesBecomeCanonicalNames) {
  const auto config = make_sampling_config({.sampler = "DPM++ 2M", .schedule = "Karras"}, model(), 0, 0);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->sampler, "dpmpp_2m");
  EXPECT_EQ(config->schedule, "karras");
}

}  // namespace
}  // namespace sdw::pipeline
