#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::pipeline {

// The configuration files of a diffusers folder, not looked into where they belong to a component.
struct ModelConfigs {
  nlohmann::json text_encoder, unet, vae;
  nlohmann::json text_encoder_2;  // null but for SDXL
  schedulers::SchedulerSettings scheduler;
  bool force_zeros_for_empty_prompt = false;
  nlohmann::json generation = nlohmann::json::object();  // generation_config.json
  std::filesystem::path tokenizers;                      // the folder that holds the tokenizers'
};

// Errors: model_not_found, model_invalid.
Result<ModelConfigs> read_model_configs(const std::filesystem::path& folder);

}  // namespace sdw::pipeline
