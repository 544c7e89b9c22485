#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/clip_text_config.h"

namespace sdw::models {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string problem(const json& config) {
  const auto parsed = parse_clip_text_config(config, "text_encoder/config.json");
  return parsed ? "" : parsed.error().message;
}

TEST(ClipTextConfig, TheReferencesDefaults) {
  const ClipTextConfig config =
      value_or_throw(parse_clip_text_config(json::object(), "text_encoder/config.json"));
  EXPECT_EQ(config.hidden_size, 512);
  EXPECT_EQ(config.eos_token_id, 49407);
  EXPECT_EQ(config.hidden_act, ops::Activation::quick_gelu);
  EXPECT_FALSE(config.with_projection);
}

TEST(ClipTextConfig, TheArchitectureSaysWhetherThereIsAProjection) {
  const json file = {
      {"architectures", {"CLIPTextModelWithProjection"}}, {"hidden_act", "gelu"}, {"projection_dim", 1280}};
  const ClipTextConfig config = value_or_throw(parse_clip_text_config(file, "text_encoder/config.json"));
  EXPECT_TRUE(config.with_projection);
  EXPECT_EQ(config.hidden_act, ops::Activation::gelu);
  EXPECT_EQ(config.projection_dim, 1280);
}

TEST(ClipTextConfig, TheTextHalfOfAWholeClipModelIsRead) {
  const json file = {{"model_type", "clip"}, {"hidden_size", 1}, {"text_config", {{"hidden_size", 768}}}};
  EXPECT_EQ(value_or_throw(parse_clip_text_config(file, "f")).hidden_size, 768);
}

TEST(ClipTextConfig, WrongValuesAreNamed) {
  EXPECT_THAT(problem({{"hidden_act", "relu"}}),
              HasSubstr("hidden_act: expected \"quick_gelu\" or \"gelu\", got \"relu\""));
  EXPECT_THAT(problem({{"num_attention_heads", 7}}), HasSubstr("7 heads do not divide hidden_size 512"));
  EXPECT_THAT(problem({{"num_hidden_layers", 1000000000}}),
              HasSubstr("text_encoder/config.json: num_hidden_layers"));
  EXPECT_THAT(problem({{"vocab_size", 1LL << 50}}), HasSubstr("vocab_size"));
  EXPECT_THAT(problem({{"eos_token_id", "x"}}), HasSubstr("eos_token_id"));
  EXPECT_THAT(problem(json::array()), HasSubstr("expected a JSON object"));
}

}  // namespace
}  // namespace sdw::models
