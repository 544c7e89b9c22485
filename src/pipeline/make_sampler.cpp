#include "pipeline/make_sampler.h"

#include "schedulers/registry.h"

namespace sdw::pipeline {
namespace {

// A mended setting belongs to the model's own sampler. Another sampler made from the configuration sees it
// only where the file names the field: what the file leaves out, the reference takes from the new sampler's
// own defaults.
void mend(nlohmann::json& fields, const char* name, const nlohmann::json& value, bool own_sampler) {
  if (own_sampler || fields.contains(name)) fields[name] = value;
}

schedulers::SchedulerSettings mended(const ModelComponents& model, const SamplingConfig& config) {
  auto settings = model.scheduler_settings;
  if (model.family == ModelFamily::sdxl) return settings;
  const bool own = config.sampler.empty();
  mend(settings.fields, "steps_offset", 1, own);
  if (config.operation == Operation::image_inpaint) {
    mend(settings.fields, "skip_prk_steps", true, own);
  } else {
    mend(settings.fields, "clip_sample", false, own);
  }
  return settings;
}

}  // namespace

Result<std::unique_ptr<schedulers::Sampler>> make_sampler(const ModelComponents& model,
                                                          const SamplingConfig& config) {
  return schedulers::make_sampler(mended(model, config),
                                  {config.sampler, config.schedule, config.steps, config.strength});
}

}  // namespace sdw::pipeline
