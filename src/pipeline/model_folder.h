#pragma once

#include <filesystem>
#include <optional>

#include "models/clip_text.h"
#include "models/unet.h"
#include "models/unet_config.h"
#include "models/vae.h"
#include "models/vae_config.h"
#include "models/weights.h"
#include "pipeline/model_components.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::pipeline {

// All that a diffusers folder says of itself, read and checked before any weight is touched.
struct ModelFolder {
  std::filesystem::path root;
  ModelFamily family = ModelFamily::sd1;
  bool inpainting = false;
  bool force_zeros_for_empty_prompt = false;
  models::UNetConfig unet;
  models::VaeConfig vae;
  models::ClipTextConfig text_encoder;
  std::optional<models::ClipTextConfig> text_encoder_2;
  schedulers::SchedulerSettings scheduler;
};

// Errors: model_not_found, model_invalid (also for parts that do not fit each other).
Result<ModelFolder> read_model_folder(const std::filesystem::path& folder);

// The weights of each component, opened and not yet read.
struct ModelWeights {
  models::WeightMap text_encoder;
  std::optional<models::WeightMap> text_encoder_2;
  models::WeightMap unet;
  models::WeightMap vae;
};

Result<ModelWeights> open_model_weights(const ModelFolder& folder);

ModelDefaults model_defaults(const ModelFolder& folder);

}  // namespace sdw::pipeline
