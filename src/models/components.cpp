#include "models/components.h"

namespace sdw::models {
namespace {

// `parse` makes the config from the JSON, `load` walks over the weights.
template <class Config, class Parse, class Load>
Result<CheckedComponent<Config>> check(const nlohmann::json& json, WeightMap weights, Parse parse,
                                       Load load) {
  Result<Config> config = parse(json, weights.label() + "/config.json");
  if (!config) return config.error();
  weights.set_mode(TakeMode::check);
  load(weights, *config, ops::Placement{});
  weights.set_mode(TakeMode::load);
  return CheckedComponent<Config>{std::move(config).value(), std::move(weights)};
}

template <class Model, class Config, class Load>
Result<Model> load_checked(CheckedComponent<Config>& component, const ops::Placement& where, Load load) {
  if (Status status = component.weights.status(); !status) return status.error();
  Model model = load(component.weights, component.config, where);
  if (Status status = component.weights.status(); !status) return status.error();
  return model;
}

}  // namespace

Result<CheckedComponent<ClipTextConfig>> check_clip_text(const nlohmann::json& config, WeightMap weights) {
  return check<ClipTextConfig>(config, std::move(weights), parse_clip_text_config, load_clip_text);
}

Result<CheckedComponent<UNetConfig>> check_unet(const nlohmann::json& config, WeightMap weights) {
  return check<UNetConfig>(config, std::move(weights), parse_unet_config, load_unet);
}

Result<CheckedComponent<VaeConfig>> check_vae(const nlohmann::json& config, WeightMap weights) {
  return check<VaeConfig>(config, std::move(weights), parse_vae_config, load_vae);
}

Result<ClipTextEncoder> load_component(CheckedComponent<ClipTextConfig>& component,
                                       const ops::Placement& where) {
  return load_checked<ClipTextEncoder>(component, where, load_clip_text);
}

Result<UNet2DCondition> load_component(CheckedComponent<UNetConfig>& component, const ops::Placement& where) {
  return load_checked<UNet2DCondition>(component, where, load_unet);
}

Result<AutoencoderKL> load_component(CheckedComponent<VaeConfig>& component, const ops::Placement& where) {
  return load_checked<AutoencoderKL>(component, where, load_vae);
}

}  // namespace sdw::models
