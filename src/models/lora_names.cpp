#include "models/lora_names.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace sdw::models {
namespace {

constexpr std::pair<std::string_view, LoraPart> kSuffixes[] = {
    {".lora_down.weight", LoraPart::down},
    {".lora_up.weight", LoraPart::up},
    {".lora_A.weight", LoraPart::down},
    {".lora_B.weight", LoraPart::up},
    {".lora.down.weight", LoraPart::down},
    {".lora.up.weight", LoraPart::up},
    {".lora_linear_layer.down.weight", LoraPart::down},
    {".lora_linear_layer.up.weight", LoraPart::up},
    {"_lora.down.weight", LoraPart::down},
    {"_lora.up.weight", LoraPart::up},
    {".alpha", LoraPart::alpha},
};

constexpr std::pair<std::string_view, std::string_view> kPrefixes[] = {
    {"lora_unet_", "unet"},
    {"unet.", "unet"},
    {"lora_te_", "text_encoder"},
    {"lora_te1_", "text_encoder"},
    {"text_encoder.", "text_encoder"},
    {"lora_te2_", "text_encoder_2"},
    {"text_encoder_2.", "text_encoder_2"},
};

std::string flat(std::string_view path) {
  constexpr std::string_view kTextModel = "text_model_";
  std::string out(path);
  std::replace(out.begin(), out.end(), '.', '_');
  if (out.starts_with(kTextModel)) out.erase(0, kTextModel.size());
  return out;
}

// "12_rest" -> 12 and "rest"; nothing where it does not begin so.
std::optional<int> take_number(std::string_view& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value > 1000) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.starts_with('_')) text.remove_prefix(1);
  return value;
}

std::string resnet_part(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kParts[] = {
      {"in_layers_2", "conv1"},
      {"out_layers_3", "conv2"},
      {"emb_layers_1", "time_emb_proj"},
      {"skip_connection", "conv_shortcut"},
  };
  for (const auto& [original, own] : kParts) {
    if (name == original) return std::string(own);
  }
  return std::string(name);
}

std::string in_block(const std::string& block, int index, int module, std::string_view rest) {
  if (module == 0) return fmt::format("{}_resnets_{}_{}", block, index, resnet_part(rest));
  return fmt::format("{}_attentions_{}_{}", block, index, rest);
}

}  // namespace

std::optional<LoraName> parse_lora_name(std::string_view name) {
  const auto* suffix =
      std::ranges::find_if(kSuffixes, [&](const auto& one) { return name.ends_with(one.first); });
  const auto* prefix =
      std::ranges::find_if(kPrefixes, [&](const auto& one) { return name.starts_with(one.first); });
  if (suffix == std::end(kSuffixes) || prefix == std::end(kPrefixes)) return std::nullopt;
  if (prefix->first.size() + suffix->first.size() >= name.size()) return std::nullopt;
  name.remove_suffix(suffix->first.size());
  std::string layer = flat(name.substr(prefix->first.size()));
  constexpr std::string_view kProcessor = "_processor";
  if (const auto at = layer.find(kProcessor); at != std::string::npos) layer.erase(at, kProcessor.size());
  if (layer.ends_with("_to_out")) layer += "_0";
  return LoraName{std::string(prefix->second), std::move(layer), suffix->second};
}

std::string flat_weight_name(std::string_view name) {
  constexpr std::string_view kWeight = ".weight";
  if (name.ends_with(kWeight)) name.remove_suffix(kWeight.size());
  return flat(name);
}

std::string from_original_unet(const std::string& layer, int layers_per_block) {
  const auto after = [&](std::string_view prefix) -> std::optional<std::string_view> {
    if (!layer.starts_with(prefix)) return std::nullopt;
    return std::string_view(layer).substr(prefix.size());
  };
  const int period = layers_per_block + 1;
  if (auto rest = after("middle_block_")) {
    const auto module = take_number(*rest);
    if (!module) return layer;
    return in_block("mid_block", *module / 2, *module % 2, *rest);
  }
  if (auto rest = after("input_blocks_")) {
    const auto number = take_number(*rest), module = take_number(*rest);
    if (!number || !module) return layer;
    if (*number == 0) return "conv_in";
    const int block = (*number - 1) / period, index = (*number - 1) % period;
    if (index == layers_per_block) return fmt::format("down_blocks_{}_downsamplers_0_conv", block);
    return in_block(fmt::format("down_blocks_{}", block), index, *module, *rest);
  }
  if (auto rest = after("output_blocks_")) {
    const auto number = take_number(*rest), module = take_number(*rest);
    if (!number || !module) return layer;
    const int block = *number / period, index = *number % period;
    if (*module > 0 && *rest == "conv") return fmt::format("up_blocks_{}_upsamplers_0_conv", block);
    return in_block(fmt::format("up_blocks_{}", block), index, *module, *rest);
  }
  return layer;
}

}  // namespace sdw::models
