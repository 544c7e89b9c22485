#include <gtest/gtest.h>

#include "models/lora_names.h"

namespace sdw::models {
namespace {

void expect_name(const char* name, const char* component, const char* layer, LoraPart part) {
  const auto parsed = parse_lora_name(name);
  ASSERT_TRUE(parsed) << name;
  EXPECT_EQ(parsed->component, component) << name;
  EXPECT_EQ(parsed->layer, layer) << name;
  EXPECT_EQ(parsed->part, part) << name;
}

TEST(LoraNames, every_spelling_of_a_layer_is_the_same) {
  const char* layer = "down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0";
  for (const char* name : {
           "lora_unet_down_blocks_0_attentions_1_transformer_blocks_0_attn1_to_out_0.lora_up.weight",
           "unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora_B.weight",
           "unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.processor.to_out_lora.up.weight",
           "unet.down_blocks.0.attentions.1.transformer_blocks.0.attn1.to_out.0.lora.up.weight",
       }) {
    expect_name(name, "unet", layer, LoraPart::up);
  }
  for (const char* name : {
           "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
           "lora_te1_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
           "text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_A.weight",
           "text_encoder.encoder.layers.0.mlp.fc1.lora_linear_layer.down.weight",
       }) {
    expect_name(name, "text_encoder", "encoder_layers_0_mlp_fc1", LoraPart::down);
  }
  expect_name("lora_te2_text_projection.alpha", "text_encoder_2", "text_projection", LoraPart::alpha);
  EXPECT_EQ(flat_weight_name("text_model.encoder.layers.0.mlp.fc1.weight"), "encoder_layers_0_mlp_fc1");
}

TEST(LoraNames, others_are_not_known) {
  for (const char* name :
       {"", "x", "unet.", "lora_unet_.alpha", "unet.lora_A.weight", "lora_unet_conv_in.hada_w1_a",
        "lora_unet_conv_in.lora_mid.weight", "conv_in.lora_A.weight", "vae.conv_in.lora_A.weight"}) {
    EXPECT_FALSE(parse_lora_name(name)) << name;
  }
}

}  // namespace
}  // namespace sdw::models
