#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/picture.h"
#include "pipeline/model_components.h"
#include "pipeline/sampling_config.h"
#include "pipeline/text_embeddings.h"
#include "schedulers/sampler.h"
#include "support/cancel_token.h"
#include "support/deadline.h"
#include "support/result.h"

namespace sdw::pipeline {

// One picture to make. The pictures of a request with `count` N are N of these with seeds seed, seed + 1, ...
struct GenerationRequest {
  std::string prompt;
  std::string negative_prompt;
  std::uint64_t seed = 0;
  SamplingConfig sampling;
  std::shared_ptr<const io::Picture> input_image;  // image_transform, image_inpaint
  std::shared_ptr<const io::Picture> mask_image;   // image_inpaint; white is repainted
};

// One picture in flight: everything needed to go on from here, on the model's device. Movable, owned by one thread.
struct Generation {
  SamplingConfig sampling;
  std::unique_ptr<schedulers::Sampler> sampler;
  at::Generator generator;       // torch's CPU MT19937, whatever the device
  models::UNetContext context;   // batch 2 (negative, positive) with guidance, else 1
  bool guided = false;           // two passes a evaluation, combined by guidance_scale
  // Inpainting only.
  at::Tensor mask;                 // [1, 1, h, w], 1 = repaint
  at::Tensor masked_image_latents; // [1, 4, h, w], for a 9-channel UNet
  at::Tensor image_latents;        // [1, 4, h, w], for a 4-channel UNet
  at::Tensor noise;                // [1, 4, h, w], for a 4-channel UNet
};

// Text encoding, VAE encoding of the input, noise and schedule: all that comes before the first step. `embeddings` come
// from text_embeddings(), which a caller may cache. Errors: invalid_request, input_unreadable, not_finite.
Result<Generation> begin_generation(const ModelComponents& model, const GenerationRequest& request,
                                    const TextEmbeddings& embeddings);

// True where the two may share a UNet call: equal latent size, channels and guidance form.
bool can_share_batch(const Generation& a, const Generation& b);

// One model evaluation for each of the generations, in one UNet call. Precondition: none is done and all can share.
// A generation's numbers do not depend on who shares the batch beyond float rounding.
void denoise_step(const ModelComponents& model, std::span<Generation* const> generations);

// Latents of the end state -> picture values in [-1, 1], [1, 3, H, W] float32 on the CPU. Error: not_finite.
Result<at::Tensor> decode_latents(const ModelComponents& model, const at::Tensor& latents);

// [3, H, W] or [1, 3, H, W] in [-1, 1] -> 8-bit RGB; clamped, rounded half to even as the reference does.
io::Picture tensor_to_image(const at::Tensor& image);

struct StepProgress {
  int step = 0;   // done, 1-based
  int total = 0;
};

struct GenerationTimings {
  double text_ms = 0;
  std::vector<double> per_step_ms;
  double denoise_ms = 0;
  double decode_ms = 0;
};

struct GenerationResult {
  io::Picture picture;
  GenerationTimings timings;
};

// The whole of it for one picture: embeddings, steps, decode. The token and the deadline are looked at between steps.
// Errors: those of the parts, cancelled, deadline_exceeded.
Result<GenerationResult> generate_image(const ModelComponents& model, const GenerationRequest& request,
                                        const CancelToken& cancel = {}, const Deadline& deadline = {},
                                        const std::function<void(const StepProgress&)>& on_step = {});

}  // namespace sdw::pipeline
