#pragma once

#include <filesystem>
#include <optional>

#include "io/safetensors.h"
#include "models/components.h"
#include "pipeline/model_components.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::pipeline {

// All that a model's files say of it: configurations and the tensors' names, types and shapes, checked before
// any weight is read. Wrong tensors are in each component's `weights.problems()`.
struct ModelFiles {
  std::filesystem::path
      tokenizers;  // the folder that holds the tokenizers'; empty: those of the published models
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

// Of a diffusers folder, or of a single-file checkpoint. The latter has no configuration: its own is looked
// for beside it, where "model.safetensors" may have a diffusers folder "model.config" whose weights are not
// looked at, and otherwise is that of the published model of its kind (published_configs.h). Errors:
// model_not_found, model_invalid (also for parts that do not fit each other).
Result<ModelFiles> read_model_files(const std::filesystem::path& path);
// The same of a checkpoint at `path` that is open already.
Result<ModelFiles> read_checkpoint(const std::filesystem::path& path, io::SafetensorsFile file);

}  // namespace sdw::pipeline
