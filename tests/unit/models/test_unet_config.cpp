#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/unet_config.h"

namespace sdw::models {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

UNetConfig parse(const json& config) {
  return value_or_throw(parse_unet_config(config, "unet/config.json"));
}

std::string problem(const json& changes) {
  json config = {{"block_out_channels", {32, 64}},
                 {"down_block_types", {"CrossAttnDownBlock2D", "DownBlock2D"}},
                 {"up_block_types", {"UpBlock2D", "CrossAttnUpBlock2D"}}};
  config.update(changes);
  const auto parsed = parse_unet_config(config, "unet/config.json");
  if (parsed) return "";
  EXPECT_EQ(parsed.error().code, ErrorCode::model_invalid);
  EXPECT_THAT(parsed.error().param, HasSubstr("unet/config.json: "));
  return parsed.error().message;
}

TEST(UNetConfig, AnEmptyFileIsStableDiffusion1) {
  const UNetConfig config = parse(json::object());
  EXPECT_THAT(config.block_out_channels, ElementsAre(320, 640, 1280, 1280));
  EXPECT_THAT(config.num_attention_heads, ElementsAre(8, 8, 8, 8));
  EXPECT_THAT(config.down_cross_attention, ElementsAre(true, true, true, false));
  EXPECT_THAT(config.up_cross_attention, ElementsAre(false, true, true, true));
  EXPECT_EQ(config.time_embed_dim, 1280);
  EXPECT_FALSE(config.text_time);
}

TEST(UNetConfig, OneNumberOrAListForEachBlock) {
  const UNetConfig config = parse({{"attention_head_dim", {5, 10, 20, 20}},
                                   {"cross_attention_dim", 1024},
                                   {"layers_per_block", {1, 2, 3, 4}},
                                   {"only_cross_attention", {true, false, false, false}},
                                   {"transformer_layers_per_block", {1, 2, 3, 4}}});
  EXPECT_THAT(config.num_attention_heads, ElementsAre(5, 10, 20, 20));
  EXPECT_THAT(config.cross_attention_dim, ElementsAre(1024, 1024, 1024, 1024));
  EXPECT_THAT(config.only_cross_attention, ElementsAre(true, false, false, false));
  EXPECT_THAT(config.down_transformer_layers,
              ElementsAre(ElementsAre(1), ElementsAre(2, 2), ElementsAre(3, 3, 3), ElementsAre(4, 4, 4, 4)));
  EXPECT_THAT(config.up_transformer_layers[0], ElementsAre(4, 4, 4, 4, 4));
  EXPECT_THAT(config.up_transformer_layers[3], ElementsAre(1, 1));
  EXPECT_THAT(config.mid_transformer_layers, ElementsAre(4));
}

TEST(UNetConfig, AsymmetricModelsSayTheirWayUp) {
  const json lists = {{0, 0}, {2, 1}}, reverse = {{2, 1, 0}, {0, 0, 0}};
  EXPECT_THAT(problem({{"transformer_layers_per_block", lists}}),
              HasSubstr("reverse_transformer_layers_per_block: missing"));
  EXPECT_EQ(
      problem({{"transformer_layers_per_block", lists}, {"reverse_transformer_layers_per_block", reverse}}),
      "");
}

TEST(UNetConfig, AMidBlockOfNullIsLeftOut) {
  EXPECT_TRUE(parse(json::object()).has_mid_block);
  EXPECT_FALSE(parse({{"mid_block_type", nullptr}}).has_mid_block);
  EXPECT_FALSE(parse({{"mid_block_type", "UNetMidBlock2D"}}).mid_cross_attention);
}

TEST(UNetConfig, FeaturesOfOtherModelsAreRefusedByName) {
  for (const auto& [field, value] :
       std::map<std::string, json>{{"act_fn", "gelu"},
                                   {"addition_embed_type", "image"},
                                   {"attention_type", "gated"},
                                   {"class_embed_type", "timestep"},
                                   {"dual_cross_attention", true},
                                   {"encoder_hid_dim_type", "text_proj"},
                                   {"mid_block_type", "UNetMidBlock2DSimpleCrossAttn"},
                                   {"num_attention_heads", 8},
                                   {"num_class_embeds", 1000},
                                   {"norm_num_groups", nullptr},
                                   {"resnet_time_scale_shift", "scale_shift"},
                                   {"time_embedding_type", "fourier"}}) {
    EXPECT_THAT(problem({{field, value}}), HasSubstr("unet/config.json: " + field + ": ")) << value;
  }
  EXPECT_THAT(problem({{"down_block_types", {"AttnDownBlock2D", "DownBlock2D"}}}),
              HasSubstr("expected CrossAttnDownBlock2D or DownBlock2D, got \"AttnDownBlock2D\""));
  EXPECT_THAT(problem({{"addition_embed_type", "text_time"}}), HasSubstr("addition_time_embed_dim: missing"));
}

TEST(UNetConfig, AbsurdNumbersAreRefusedBeforeAnythingIsAllocated) {
  for (const auto& [field, value] : std::map<std::string, json>{{"layers_per_block", 1000000000},
                                                                {"transformer_layers_per_block", 1000000000},
                                                                {"block_out_channels", {32, 1LL << 62}},
                                                                {"in_channels", 0},
                                                                {"out_channels", -4},
                                                                {"cross_attention_dim", 1e30},
                                                                {"attention_head_dim", 0},
                                                                {"norm_num_groups", 0},
                                                                {"norm_eps", -1},
                                                                {"conv_in_kernel", 2},
                                                                {"downsample_padding", 7},
                                                                {"sample_size", {0, 0}},
                                                                {"time_embedding_dim", 1LL << 40}}) {
    EXPECT_THAT(problem({{field, value}}), HasSubstr("unet/config.json: " + field + ": ")) << value;
  }
  EXPECT_THAT(problem({{"block_out_channels", std::vector<int>(100, 32)}}), HasSubstr("more than 16 blocks"));
  EXPECT_THAT(problem({{"layers_per_block", 64}, {"transformer_layers_per_block", 256}}),
              HasSubstr("transformer layers in all, more than 4096"));
  EXPECT_THAT(problem({{"norm_num_groups", 5}}), HasSubstr("32 is not a multiple of norm_num_groups 5"));
  EXPECT_THAT(problem({{"attention_head_dim", 33}}), HasSubstr("33 heads for 32 channels"));
  EXPECT_THAT(problem({{"up_block_types", {"UpBlock2D"}}}), HasSubstr("expected 2 entries, got 1"));
}

}  // namespace
}  // namespace sdw::models
