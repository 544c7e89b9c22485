#include "models/components.h"

#include "models/model_file.h"

namespace sdw::models {
namespace {

// `parse` makes the config from the JSON, `load` walks over the weights.
template <class Config, class Parse, class Load>
Result<CheckedComponent<Config>> check(const std::filesystem::path& root, const std::filesystem::path& folder,
                                       std::string_view stem, Parse parse, Load load) {
  const std::filesystem::path file = folder / "config.json";
  Result<nlohmann::json> json = read_model_json(root, file);
  if (!json) return json.error();
  Result<Config> config = parse(*json, file.native());
  if (!config) return config.error();
  Result<WeightMap> weights = WeightMap::open(root, folder, stem);
  if (!weights) return weights.error();
  weights->set_mode(TakeMode::check);
  load(*weights, *config, ops::Placement{});
  weights->set_mode(TakeMode::load);
  return CheckedComponent<Config>{std::move(config).value(), std::move(weights).value()};
}

template <class Model, class Config, class Load>
Result<Model> load_checked(CheckedComponent<Config>& component, const ops::Placement& where, Load load) {
  if (Status status = component.weights.status(); !status) return status.error();
  Model model = load(component.weights, component.config, where);
  if (Status status = component.weights.status(); !status) return status.error();
  return model;
}

constexpr std::string_view kDiffusersStem = "diffusion_pytorch_model";
constexpr std::string_view kTransformersStem = "model";

}  // namespace

Result<CheckedComponent<ClipTextConfig>> check_clip_text(const std::filesystem::path& root,
                                                         const std::filesystem::path& folder) {
  return check<ClipTextConfig>(root, folder, kTransformersStem, parse_clip_text_config, load_clip_text);
}

Result<CheckedComponent<UNetConfig>> check_unet(const std::filesystem::path& root,
                                                const std::filesystem::path& folder) {
  return check<UNetConfig>(root, folder, kDiffusersStem, parse_unet_config, load_unet);
}

Result<CheckedComponent<VaeConfig>> check_vae(const std::filesystem::path& root,
                                              const std::filesystem::path& folder) {
  return check<VaeConfig>(root, folder, kDiffusersStem, parse_vae_config, load_vae);
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
