#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/vae_config.h"

namespace sdw::models {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::string problem(const json& config) {
  const auto parsed = parse_vae_config(config, "vae/config.json");
  return parsed ? "" : parsed.error().message;
}

TEST(VaeConfig, TheReferencesDefaults) {
  const VaeConfig config = value_or_throw(parse_vae_config(json::object(), "vae/config.json"));
  EXPECT_EQ(config.scaling_factor, 0.18215);
  EXPECT_EQ(config.scale(), 1);
  EXPECT_TRUE(config.force_upcast && config.use_quant_conv && config.mid_block_add_attention);
  EXPECT_TRUE(config.latents_mean.empty());
}

TEST(VaeConfig, WhatAModelSays) {
  const json file = {{"block_out_channels", {128, 256, 512, 512}},
                     {"down_block_types", std::vector<std::string>(4, "DownEncoderBlock2D")},
                     {"up_block_types", std::vector<std::string>(4, "UpDecoderBlock2D")},
                     {"force_upcast", false},
                     {"latents_mean", {0.5, 1, 2, 3}},
                     {"latents_std", nullptr},
                     {"scaling_factor", 0.13025},
                     {"shift_factor", 0.1},
                     {"sample_size", {512, 768}}};
  const VaeConfig config = value_or_throw(parse_vae_config(file, "vae/config.json"));
  EXPECT_EQ(config.scale(), 8);
  EXPECT_EQ(config.scaling_factor, 0.13025);
  EXPECT_EQ(config.shift_factor, 0.1);
  EXPECT_EQ(config.sample_size, 512);
  EXPECT_FALSE(config.force_upcast);
  EXPECT_THAT(config.latents_mean, ElementsAre(0.5, 1, 2, 3));
}

TEST(VaeConfig, WrongValuesAreNamed) {
  EXPECT_THAT(problem({{"latents_std", {1, 2}}}), HasSubstr("latents_std: expected 4 entries, got 2"));
  EXPECT_THAT(problem({{"scaling_factor", 0}}),
              HasSubstr("vae/config.json: scaling_factor: expected a number"));
  EXPECT_THAT(problem({{"layers_per_block", 1000000}}),
              HasSubstr("layers_per_block: expected a whole number"));
  EXPECT_THAT(problem({{"latent_channels", 1LL << 60}}), HasSubstr("latent_channels"));
  EXPECT_THAT(problem({{"block_out_channels", {30}}}),
              HasSubstr("30 is not a multiple of norm_num_groups 32"));
  EXPECT_THAT(problem({{"block_out_channels", std::vector<int>(40, 32)}}), HasSubstr("more than 8 blocks"));
  EXPECT_THAT(problem({{"down_block_types", {"AttnDownEncoderBlock2D"}}}),
              HasSubstr("expected DownEncoderBlock2D"));
  EXPECT_THAT(problem({{"act_fn", "relu"}}), HasSubstr("only \"silu\" is supported"));
}

}  // namespace
}  // namespace sdw::models
