#pragma once

#include <nlohmann/json.hpp>

#include "models/clip_text.h"
#include "models/unet.h"
#include "models/vae.h"
#include "models/weights.h"
#include "ops/precision.h"
#include "support/result.h"

namespace sdw::models {

// A component whose config and tensors' names, types and shapes have been looked at, and nothing has been
// allocated for it. `weights.problems()` lists what is wrong.
template <class Config>
struct CheckedComponent {
  Config config;
  WeightMap weights;
};

// `config` is the component's config.json. Error: model_invalid (the config).
Result<CheckedComponent<ClipTextConfig>> check_clip_text(const nlohmann::json& config, WeightMap weights);
Result<CheckedComponent<UNetConfig>> check_unet(const nlohmann::json& config, WeightMap weights);
Result<CheckedComponent<VaeConfig>> check_vae(const nlohmann::json& config, WeightMap weights);

// Reads the weights of a component that has been checked. Error: model_invalid naming the first wrong
// tensors.
Result<ClipTextEncoder> load_component(CheckedComponent<ClipTextConfig>& component,
                                       const ops::Placement& where);
Result<UNet2DCondition> load_component(CheckedComponent<UNetConfig>& component, const ops::Placement& where);
Result<AutoencoderKL> load_component(CheckedComponent<VaeConfig>& component, const ops::Placement& where);

}  // namespace sdw::models
