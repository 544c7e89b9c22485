#pragma once

#include <memory>
#include <string>

#include "schedulers/names.h"
#include "schedulers/sampler.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::schedulers {

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
