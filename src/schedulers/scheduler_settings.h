#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/result.h"

namespace sdw::schedulers {

// A model's scheduler_config.json: the class it names and its fields as written. Each sampler overlays the fields it
// knows on its own defaults, as diffusers' `from_config` does.
struct SchedulerSettings {
  std::string class_name;  // "PNDMScheduler", "EulerDiscreteScheduler", ...
  nlohmann::json fields;
};

// Errors: model_not_found, model_invalid (absurd or non-finite numbers, unknown class or field values).
Result<SchedulerSettings> load_scheduler_settings(const std::filesystem::path& scheduler_config_json);

}  // namespace sdw::schedulers
