#pragma once

#include <filesystem>
#include <optional>

#include "models/components.h"
#include "pipeline/model_components.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::pipeline {

// All that a diffusers folder says of itself: configurations and the tensors' names, types and shapes,
// checked before any weight is read. Wrong tensors are in each component's `weights.problems()`.
struct ModelFolder {
  std::filesystem::path root;
  ModelFamily family = ModelFamily::sd1;
  bool inpainting = false;
  bool force_zeros_for_empty_prompt = false;
  models::CheckedComponent<models::ClipTextConfig> text_encoder;
  std::optional<models::CheckedComponent<models::ClipTextConfig>> text_encoder_2;
  models::CheckedComponent<models::UNetConfig> unet;
  models::CheckedComponent<models::VaeConfig> vae;
  schedulers::SchedulerSettings scheduler;
  ModelDefaults defaults;
};

// Errors: model_not_found, model_invalid (also for parts that do not fit each other).
Result<ModelFolder> read_model_folder(const std::filesystem::path& path);

}  // namespace sdw::pipeline
