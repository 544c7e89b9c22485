#pragma once

#include <string>

#include "request/sampling_options.h"
#include "support/result.h"

namespace sdw::pipeline {

struct ModelComponents;

using request::Operation;
using request::SamplingOptions;
using request::Shortcuts;

// Settings that have been checked against a model: what a generation runs with.
struct SamplingConfig {
  Operation operation = Operation::image_generation;
  int width = 0, height = 0;
  int steps = 0;
  double guidance_scale = 0;
  double strength = 1;
  std::string sampler;   // canonical id; empty: the model's own
  std::string schedule;  // canonical id; empty: the model's own
  int clip_skip = 0;     // layers left out before the one the model uses by itself
  Shortcuts shortcuts;

  bool operator==(const SamplingConfig&) const = default;
};

// Checks every value before any work. `input_width`/`input_height`: the input picture's size, or 0 without
// one; a transform keeps it (rounded down to multiples of the VAE's scale) unless the options name another.
// Error: invalid_request with the field's name in `param`.
Result<SamplingConfig> make_sampling_config(const SamplingOptions& options, const ModelComponents& model,
                                            int input_width, int input_height);

// The options that ask for this configuration by name: every field set but those that the operation or an
// unshortened run leaves out.
SamplingOptions as_options(const SamplingConfig& config);

}  // namespace sdw::pipeline
