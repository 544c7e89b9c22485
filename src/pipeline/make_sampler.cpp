#include "pipeline/make_sampler.h"

#include "schedulers/registry.h"

namespace sdw::pipeline {

Result<std::unique_ptr<schedulers::Sampler>> make_sampler(const ModelComponents& model,
                                                          const SamplingConfig& config) {
  const schedulers::SamplerOptions options{config.sampler, config.schedule, config.steps, config.strength};
  if (model.family == ModelFamily::sdxl) return schedulers::make_sampler(model.scheduler_settings, options);
  const bool inpaint = config.operation == Operation::image_inpaint;
  return schedulers::make_sampler(
      schedulers::corrected_for_stable_diffusion(model.scheduler_settings, inpaint), options);
}

}  // namespace sdw::pipeline
