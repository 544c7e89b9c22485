#include "schedulers/registry.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "request/names.h"
#include "schedulers/tables.h"

namespace sdw::schedulers {

namespace {

using nlohmann::json;

constexpr int kProbeSteps =
    10;  // a count that every class can do, to see whether a configuration makes sense

const SamplerRow* row_of_class(const SchedulerSettings& settings) {
  const SamplerRow* first = nullptr;
  for (const auto& row : sampler_rows()) {
    if (row.class_name != settings.class_name) continue;
    const bool exact = std::all_of(
        row.overrides.items().begin(), row.overrides.items().end(),
        [&](const auto& item) { return settings.fields.value(item.key(), json()) == item.value(); });
    if (exact) return &row;
    if (first == nullptr) first = &row;
  }
  return first;
}

Error unknown_class(const SchedulerSettings& settings) {
  std::string known;
  for (const auto& row : sampler_rows()) {
    if (known.find(row.class_name) == std::string::npos) {
      known += (known.empty() ? "" : ", ") + std::string(row.class_name);
    }
  }
  return {ErrorCode::model_invalid,
          fmt::format(
              "scheduler_config.json: the class {} is not supported; supported are {}",
              json(settings.class_name.substr(0, 60)).dump(-1, ' ', false, json::error_handler_t::replace),
              known),
          "_class_name"};
}

Error invalid(const char* param, std::string message) {
  return {ErrorCode::invalid_request, std::move(message), param};
}

// What from_config leaves out: fields that were a default, and not the model's wish.
json without_defaults(json fields) {
  const auto defaults = fields.find("_use_default_values");
  if (defaults == fields.end() || !defaults->is_array()) return fields;
  const json names = *defaults;
  for (const auto& name : names) {
    if (name.is_string()) fields.erase(name.get<std::string>());
  }
  return fields;
}

Result<std::unique_ptr<Sampler>> make(const SamplerRow& row, json object, const SamplerOptions& options) {
  Fields fields(std::move(object));
  const auto most = fields.integer("num_train_timesteps", 1000, 1, 100000);
  if (auto status = fields.status(); !status) return status.error();
  if (options.steps < 1 || options.steps > most) {
    return invalid("steps", fmt::format("expected 1 to {} steps, got {}", most, options.steps));
  }
  if (!(options.strength >= 0 && options.strength <= 1)) {
    return invalid("strength", fmt::format("expected a strength from 0 to 1, got {}", options.strength));
  }
  const auto range = steps_at_strength(options.steps, options.strength);
  if (range.skipped >= range.total) {
    return invalid("strength",
                   fmt::format("a strength of {} leaves none of {} steps", options.strength, options.steps));
  }
  auto sampler = row.make(fields, range);
  if (!sampler) return sampler;
  const auto& timesteps = (*sampler)->timesteps();
  if (timesteps.empty()) return invalid("steps", fmt::format("{} steps leave no timestep", options.steps));
  const bool finite =
      std::all_of(timesteps.begin(), timesteps.end(), [](double t) { return std::isfinite(t); }) &&
      std::isfinite((*sampler)->init_noise_sigma());
  if (!finite) {
    return invalid("schedule",
                   fmt::format("this schedule has no finite timesteps for {} steps", options.steps));
  }
  return sampler;
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerSettings& settings,
                                              const SamplerOptions& options) {
  const SamplerRow* row = row_of_class(settings);
  if (row == nullptr) return unknown_class(settings);
  json fields = without_defaults(settings.fields);
  bool own = true;
  if (!options.sampler.empty()) {
    const auto id = request::canonical_sampler(options.sampler);
    if (!id) return id.error();
    const auto rows = sampler_rows();
    row = &*std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == *id; });
    if (!row->overrides.is_null()) fields.update(row->overrides);
    own = false;
  }
  if (!options.schedule.empty()) {
    const auto id = request::canonical_schedule(options.schedule);
    if (!id) return id.error();
    const auto rows = schedule_rows();
    const auto& overrides =
        std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == *id; })->overrides;
    if (!overrides.is_null()) {
      fields.update(overrides);
      own = false;
    }
  }
  if (own) fields.update(settings.own_fields);

  auto sampler = make(*row, std::move(fields), options);
  if (!sampler && !options.sampler.empty() && sampler.error().param == "prediction_type") {
    return invalid("sampler", fmt::format("{} cannot run this model: {}", row->id, sampler.error().message));
  }
  // An offset that fewer steps get along with is the request's fault, not the model's.
  if (!sampler && options.steps > kProbeSteps && sampler.error().param == "steps_offset") {
    return invalid("steps", sampler.error().message);
  }
  return sampler;
}

Result<std::string> own_sampler(const SchedulerSettings& settings) {
  const SamplerRow* row = row_of_class(settings);
  if (row == nullptr) return unknown_class(settings);
  return std::string(row->id);
}

Status check_settings(const SchedulerSettings& settings) {
  SamplerOptions options;
  options.steps = kProbeSteps;
  // A model trained on fewer timesteps than that is for toys, but not wrong.
  const auto count = settings.fields.find("num_train_timesteps");
  if (count != settings.fields.end() && count->is_number_integer() && *count >= 1 && *count < kProbeSteps) {
    options.steps = count->get<int>();
  }
  auto sampler = make_sampler(settings, options);
  if (sampler) return ok_status();
  Error error = sampler.error();
  // A model that runs, only not with this many steps, is not invalid.
  if (error.param == "steps") return ok_status();
  error.code = ErrorCode::model_invalid;
  return error;
}

}  // namespace sdw::schedulers
