#include "models/lora_names.h"

#include <algorithm>
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

}  // namespace sdw::models
