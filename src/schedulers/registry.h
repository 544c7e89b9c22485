#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schedulers/sampler.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::schedulers {

// A canonical id ("dpmpp_2m"), what people see ("DPM++ 2M"), and every other name it answers to, case-insensitively.
struct NameEntry {
  std::string_view id;
  std::string_view label;
  std::vector<std::string_view> aliases;
};

std::span<const NameEntry> sampler_names();
std::span<const NameEntry> schedule_names();

// The canonical id for any known name; error invalid_request (param "sampler" / "schedule") lists the names.
Result<std::string> canonical_sampler(std::string_view name);
Result<std::string> canonical_schedule(std::string_view name);

struct SamplerOptions {
  std::string sampler;   // canonical id; empty: the model's own
  std::string schedule;  // canonical id; empty: the model's own
  int steps = 20;
  double strength = 1.0;  // < 1 begins later in the schedule, as diffusers' img2img `get_timesteps`
};

// Errors: invalid_request for combinations that cannot work (no step left at this strength, a schedule the sampler
// does not have, too many steps for the sampler).
Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerSettings& settings, const SamplerOptions& options);

// The canonical id of the model's own sampler.
Result<std::string> own_sampler(const SchedulerSettings& settings);

}  // namespace sdw::schedulers
