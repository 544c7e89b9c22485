#include "schedulers/scheduler_settings.h"

#include <string_view>
#include <utility>
#include <vector>

#include "io/json.h"
#include "io/regular_file.h"
#include "schedulers/registry.h"

namespace sdw::schedulers {

namespace {

constexpr std::size_t kMaxBytes = 4 << 20;  // trained_betas of 100000 numbers fit

// Python's json module writes numbers that JSON does not have, DPMSolverMultistepScheduler's
// lambda_min_clipped first of all.
std::string without_non_finite(std::string_view text) {
  constexpr std::string_view kNames[] = {"-Infinity", "Infinity", "NaN"};
  std::string result;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!in_string) {
      bool replaced = false;
      for (const auto name : kNames) {
        if (!text.substr(i).starts_with(name)) continue;
        result += "null";
        i += name.size() - 1;
        replaced = true;
        break;
      }
      if (replaced) continue;
    }
    if (text[i] == '"') in_string = !in_string;
    if (in_string && text[i] == '\\' && i + 1 < text.size()) result += text[i++];
    result += text[i];
  }
  return result;
}

Error invalid(std::string message) {
  return {ErrorCode::model_invalid, "scheduler_config.json: " + std::move(message), "scheduler_config.json"};
}

void correct(SchedulerSettings& settings, const char* name, const nlohmann::json& value) {
  (settings.fields.contains(name) ? settings.fields : settings.own_fields)[name] = value;
}

}  // namespace

Result<SchedulerSettings> load_scheduler_settings(const std::filesystem::path& scheduler_config_json) {
  auto bytes = io::read_file(scheduler_config_json, kMaxBytes);
  if (!bytes) {
    if (bytes.error().code == ErrorCode::not_found) {
      return Error{ErrorCode::model_not_found, bytes.error().message, "scheduler_config.json"};
    }
    return invalid(bytes.error().message);
  }
  const auto text = without_non_finite({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  auto json = io::parse_json(text);
  if (!json) return invalid(json.error().message);
  if (!json->is_object()) return invalid("expected an object");
  const auto name = json->find("_class_name");
  if (name == json->end() || !name->is_string()) return invalid("_class_name is missing");

  SchedulerSettings settings;
  settings.class_name = name->get<std::string>();
  settings.fields = std::move(*json);
  if (auto status = check_settings(settings); !status) return status.error();
  return settings;
}

SchedulerSettings corrected_for_stable_diffusion(SchedulerSettings settings, bool inpaint) {
  correct(settings, "steps_offset", 1);
  if (inpaint) {
    const auto& fields = settings.fields;
    const auto it = fields.find("skip_prk_steps");
    if (it != fields.end() ? *it == false : settings.class_name == "PNDMScheduler") {
      correct(settings, "skip_prk_steps", true);
    }
    return settings;
  }
  const auto it = settings.fields.find("clip_sample");
  const bool clips_by_default =
      settings.class_name == "DDIMScheduler" || settings.class_name == "DDPMScheduler";
  if (it != settings.fields.end() ? *it == true : clips_by_default) correct(settings, "clip_sample", false);
  return settings;
}

}  // namespace sdw::schedulers
