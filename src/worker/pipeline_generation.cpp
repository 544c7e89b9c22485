#include "worker/pipeline_generation.h"

#include <ATen/ops/isfinite.h>
#include <utility>

namespace sdw::worker {

PipelineGeneration::PipelineGeneration(pipeline::Generation generation, nlohmann::json settings,
                                       std::vector<std::string> warnings)
    : inner_(std::move(generation)), settings_(std::move(settings)), warnings_(std::move(warnings)) {}

void PipelineGeneration::check_latents() {
  if (at::isfinite(inner_.sampler->latents()).all().item<bool>()) return;
  failure_ = Error{ErrorCode::not_finite,
                   "the latents became NaN or infinite in step " + std::to_string(steps_done())};
}

}  // namespace sdw::worker
