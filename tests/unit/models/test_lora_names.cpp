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

TEST(LoraNames, blocks_of_the_original_checkpoints_are_found) {
  const auto expect = [](const char* original, const char* own) {
    EXPECT_EQ(from_original_unet(original, 2), own) << original;
  };
  expect("input_blocks_0_0", "conv_in");
  expect("input_blocks_1_0_in_layers_2", "down_blocks_0_resnets_0_conv1");
  expect("input_blocks_3_0_op", "down_blocks_0_downsamplers_0_conv");
  expect("input_blocks_4_1_proj_in", "down_blocks_1_attentions_0_proj_in");
  expect("input_blocks_8_1_transformer_blocks_9_attn2_to_v",
         "down_blocks_2_attentions_1_transformer_blocks_9_attn2_to_v");
  expect("middle_block_1_proj_out", "mid_block_attentions_0_proj_out");
  expect("middle_block_2_out_layers_3", "mid_block_resnets_1_conv2");
  expect("output_blocks_2_2_conv", "up_blocks_0_upsamplers_0_conv");
  expect("output_blocks_5_0_skip_connection", "up_blocks_1_resnets_2_conv_shortcut");
  expect("output_blocks_5_0_emb_layers_1", "up_blocks_1_resnets_2_time_emb_proj");
  for (const char* other :
       {"conv_out", "input_blocks_", "input_blocks_x_1_a", "input_blocks_99999999999_1_a", "middle_block_"}) {
    expect(other, other);
  }
}

}  // namespace
}  // namespace sdw::models
