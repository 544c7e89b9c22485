#pragma once

#include <memory>
#include <string>

#include "schedulers/sampler.h"
#include "schedulers/scheduler_settings.h"
#include "support/result.h"

namespace sdw::schedulers {

struct SamplerOptions {
  std::string sampler;   // any known name; empty: the model's own
  std::string schedule;  // any known name; empty: the model's own
  int steps = 20;
  double strength = 1.0;  // < 1 begins later in the schedule, as diffusers' img2img `get_timesteps`
};

// `Class.from_config(model's own, <what the schedule's name stands for>)`, in diffusers' terms. As there, a
// class that does not know a field takes no notice of it: a schedule of sigmas (karras, exponential, beta)
// changes nothing for ddim, ddpm, pndm, lcm and euler_a. Errors: invalid_request for what cannot work
// (unknown names, no step left at this strength, too many or too few steps for the sampler, a model whose
// prediction_type the sampler cannot use); model_invalid.
Result<std::unique_ptr<Sampler>> make_sampler(const SchedulerSettings& settings,
                                              const SamplerOptions& options);

// The canonical id of the model's own sampler.
Result<std::string> own_sampler(const SchedulerSettings& settings);

// Whether the model's own sampler can be made at all. Error: model_invalid.
Status check_settings(const SchedulerSettings& settings);

}  // namespace sdw::schedulers
