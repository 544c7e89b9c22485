#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/result.h"

namespace sdw::schedulers {

// A model's scheduler_config.json: the class it names and its fields as written. Each sampler overlays the
// fields it knows on its own defaults, as diffusers' `from_config` does.
struct SchedulerSettings {
  std::string class_name;  // "PNDMScheduler", "EulerDiscreteScheduler", ...
  nlohmann::json fields = nlohmann::json::object();
  // Fields that hold only as long as neither a sampler nor a schedule is named: what a pipeline corrects
  // where the file says nothing is forgotten, in diffusers too, when another scheduler takes over.
  nlohmann::json own_fields = nlohmann::json::object();
};

// JSON as Python writes it: -Infinity, Infinity and NaN are read as null.
// Errors: model_not_found, model_invalid (absurd or non-finite numbers, unknown class or field values).
Result<SchedulerSettings> load_scheduler_settings(const std::filesystem::path& scheduler_config_json);

// As the constructors of diffusers' StableDiffusionPipeline and StableDiffusionImg2ImgPipeline correct a
// scheduler (steps_offset 1, no clip_sample), or with `inpaint` StableDiffusionInpaintPipeline (steps_offset
// 1, skip_prk_steps). The pipelines of Stable Diffusion XL correct nothing.
SchedulerSettings corrected_for_stable_diffusion(SchedulerSettings settings, bool inpaint);

}  // namespace sdw::schedulers
