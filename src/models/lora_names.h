#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sdw::models {

enum class LoraPart { down, up, alpha };

// What the name of a tensor in a LoRA file says.
struct LoraName {
  std::string component;  // "unet", "text_encoder", "text_encoder_2"
  std::string layer;      // the path of the layer's weight with "_" for ".", without "text_model_"
  LoraPart part = LoraPart::down;
};

// Nothing for a name of another kind.
std::optional<LoraName> parse_lora_name(std::string_view name);

// The same form of a weight's own name in its component: "down_blocks.0.conv.weight" -> "down_blocks_0_conv".
std::string flat_weight_name(std::string_view name);

}  // namespace sdw::models
