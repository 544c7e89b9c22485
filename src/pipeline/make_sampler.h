#pragma once

#include <memory>

#include "pipeline/model_components.h"
#include "pipeline/sampling_config.h"
#include "schedulers/sampler.h"
#include "support/result.h"

namespace sdw::pipeline {

// The sampler a configuration asks for, over the model's scheduler settings as the reference's pipeline of
// that family and operation reads them (Stable Diffusion 1 and 2 pipelines mend outdated settings when they
// are built).
Result<std::unique_ptr<schedulers::Sampler>> make_sampler(const ModelComponents& model,
                                                          const SamplingConfig& config);

}  // namespace sdw::pipeline
