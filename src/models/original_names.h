#pragma once

#include <string>
#include <string_view>

namespace sdw::models {

// The names of layers in the code that the models were published with (CompVis' latent-diffusion, Stability's
// generative-models, OpenCLIP), turned into those of diffusers and transformers. A layer is a tensor's name
// without its
// ".weight" or ".bias". What is not known stays as it is.

// "input_blocks.4.1.proj_in" -> "down_blocks.1.attentions.0.proj_in". LoRA files have '_' for the separator.
std::string unet_layer_from_original(std::string_view layer, int layers_per_block, char separator = '.');

// "decoder.up.3.block.0.nin_shortcut" -> "decoder.up_blocks.0.resnets.0.conv_shortcut" with four blocks.
std::string vae_layer_from_original(std::string_view layer, int blocks);

// "transformer.resblocks.0.mlp.c_fc" -> "text_model.encoder.layers.0.mlp.fc1"
std::string text_layer_from_open_clip(std::string_view layer);

}  // namespace sdw::models
