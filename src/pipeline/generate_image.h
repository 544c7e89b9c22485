#pragma once

#include <functional>
#include <vector>

#include "io/picture.h"
#include "pipeline/generation.h"
#include "pipeline/text_embeddings.h"
#include "support/cancel_token.h"
#include "support/deadline.h"
#include "support/result.h"

namespace sdw::pipeline {

struct StepProgress {
  int step = 0;  // done, 1-based
  int total = 0;
};

struct GenerationEvents {
  std::function<void(const StepProgress&)> on_step{};
  std::function<void()> on_denoised{};  // from here on nothing but the model's VAE is used
};

struct GenerationTimings {
  std::vector<double> per_step_ms;
  double denoise_ms = 0;
  double decode_ms = 0;
};

struct GenerationResult {
  io::Picture picture;
  GenerationTimings timings;
};

// One picture from embeddings that text_embeddings() made for its prompts: noise, steps, decode. The token
// and the deadline are looked at between steps and inside the VAE. Errors: those of the parts, cancelled,
// deadline_exceeded.
Result<GenerationResult> generate_image(const ModelComponents& model, const GenerationRequest& request,
                                        const TextEmbeddings& embeddings, const CancelToken& cancel = {},
                                        const Deadline& deadline = {}, const GenerationEvents& events = {});

}  // namespace sdw::pipeline
