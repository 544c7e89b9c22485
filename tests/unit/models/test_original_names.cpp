#include <algorithm>
#include <gtest/gtest.h>

#include "models/original_names.h"

namespace sdw::models {
namespace {

TEST(OriginalNames, LayersOfTheUnetAreFound) {
  const auto expect = [](std::string original, std::string own) {
    EXPECT_EQ(unet_layer_from_original(original, 2), own);
    // LoRA files have the same names with another separator.
    for (std::string* name : {&original, &own}) std::replace(name->begin(), name->end(), '.', '_');
    EXPECT_EQ(unet_layer_from_original(original, 2, '_'), own);
  };
  expect("time_embed.2", "time_embedding.linear_2");
  expect("label_emb.0.0", "add_embedding.linear_1");
  expect("out.2", "conv_out");
  expect("input_blocks.0.0", "conv_in");
  expect("input_blocks.1.0.in_layers.2", "down_blocks.0.resnets.0.conv1");
  expect("input_blocks.3.0.op", "down_blocks.0.downsamplers.0.conv");
  expect("input_blocks.4.1.proj_in", "down_blocks.1.attentions.0.proj_in");
  expect("input_blocks.8.1.transformer_blocks.9.attn2.to_v",
         "down_blocks.2.attentions.1.transformer_blocks.9.attn2.to_v");
  expect("middle_block.1.proj_out", "mid_block.attentions.0.proj_out");
  expect("middle_block.2.out_layers.3", "mid_block.resnets.1.conv2");
  expect("output_blocks.2.1.conv", "up_blocks.0.upsamplers.0.conv");
  expect("output_blocks.2.2.conv", "up_blocks.0.upsamplers.0.conv");
  expect("output_blocks.5.0.skip_connection", "up_blocks.1.resnets.2.conv_shortcut");
  expect("output_blocks.5.0.emb_layers.1", "up_blocks.1.resnets.2.time_emb_proj");
  for (const char* other : {"", "conv_out", "input_blocks.", "input_blocks.x.1.a", "input_blocks.-1.0.a",
                            "input_blocks.99999999999.1.a", "middle_block."}) {
    expect(other, other);
  }
}

TEST(OriginalNames, LayersOfTheVaeAreFound) {
  const auto expect = [](const char* original, const char* own) {
    EXPECT_EQ(vae_layer_from_original(original, 4), own);
  };
  expect("encoder.conv_in", "encoder.conv_in");
  expect("decoder.norm_out", "decoder.conv_norm_out");
  expect("encoder.down.1.block.0.nin_shortcut", "encoder.down_blocks.1.resnets.0.conv_shortcut");
  expect("encoder.down.2.downsample.conv", "encoder.down_blocks.2.downsamplers.0.conv");
  expect("decoder.up.3.block.2.norm1", "decoder.up_blocks.0.resnets.2.norm1");
  expect("decoder.up.1.upsample.conv", "decoder.up_blocks.2.upsamplers.0.conv");
  expect("decoder.mid.block_2.conv1", "decoder.mid_block.resnets.1.conv1");
  expect("encoder.mid.attn_1.norm", "encoder.mid_block.attentions.0.group_norm");
  expect("encoder.mid.attn_1.proj_out", "encoder.mid_block.attentions.0.to_out.0");
  for (const char* other :
       {"quant_conv", "loss.logvar", "decoder.up.", "decoder.up.x.block.0.norm1", "decoder."}) {
    expect(other, other);
  }
}

TEST(OriginalNames, LayersOfOpenClipAreFound) {
  EXPECT_EQ(text_layer_from_open_clip("token_embedding"), "text_model.embeddings.token_embedding");
  EXPECT_EQ(text_layer_from_open_clip("ln_final"), "text_model.final_layer_norm");
  EXPECT_EQ(text_layer_from_open_clip("transformer.resblocks.11.ln_2"),
            "text_model.encoder.layers.11.layer_norm2");
  EXPECT_EQ(text_layer_from_open_clip("transformer.resblocks.0.attn.out_proj"),
            "text_model.encoder.layers.0.self_attn.out_proj");
  EXPECT_EQ(text_layer_from_open_clip("transformer.resblocks.0.mlp.c_proj"),
            "text_model.encoder.layers.0.mlp.fc2");
}

}  // namespace
}  // namespace sdw::models
