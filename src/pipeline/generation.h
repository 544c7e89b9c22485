#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <cstddef>
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
#include "support/result.h"
#include "support/stop_check.h"

namespace sdw::pipeline {

// One picture to make. The pictures of a request with `count` N are N of these with seeds seed, seed + 1, ...
struct GenerationRequest {
  std::string prompt;
  // Absent: the model's own unconditional state (SDXL: zeros where its configuration says so).
  std::optional<std::string> negative_prompt;
  std::uint64_t seed = 0;
  SamplingConfig sampling;
  std::shared_ptr<const io::Picture> input_image;  // image_transform, image_inpaint
  std::shared_ptr<const io::Picture> mask_image;   // image_inpaint; white is repainted
};

// One picture in flight: everything needed to go on from here, on the model's device. Movable, owned by one
// thread.
struct Generation {
  SamplingConfig sampling;
  std::unique_ptr<schedulers::Sampler> sampler;
  at::Generator generator;             // torch's CPU MT19937, whatever the device
  models::UNetContext context;         // batch 2 (negative, positive) with guidance, else 1
  bool guided = false;                 // two passes an evaluation, combined by guidance_scale
  models::UNetContext prompt_context;  // with guidance: a view of the positive half, for evaluations without
  at::Tensor deep_features;  // of the latest evaluation by the whole UNet, where they are used again
  models::UNetContext frozen_context;  // what the cross-attentions gave last, where that is used again
  // Of the latest evaluation, for previews: what the model saw (without inpainting's extra channels), what it
  // answered (guidance applied), and where in the schedule.
  at::Tensor last_sample;
  at::Tensor last_answer;
  std::size_t last_evaluation = 0;
  // Inpainting only.
  at::Tensor mask;                  // [1, 1, h, w], 1 = repaint
  at::Tensor masked_image_latents;  // [1, 4, h, w], for a 9-channel UNet
  at::Tensor image_latents;         // [1, 4, h, w], for a 4-channel UNet
  at::Tensor noise;                 // [1, 4, h, w], for a 4-channel UNet
};

// True where the model is asked twice an evaluation: a scale above 1, and no guidance built into the UNet
// (LCM).
bool uses_guidance(const ModelComponents& model, const SamplingConfig& sampling);

// Text conditioning, VAE encoding of the input, noise and schedule: all that comes before the first step.
// `embeddings` come from text_embeddings(), which a caller may cache. Errors: invalid_request,
// input_unreadable, not_finite; cancelled if `stop` said so.
Result<Generation> begin_generation(const ModelComponents& model, const GenerationRequest& request,
                                    const TextEmbeddings& embeddings, const StopCheck& stop = {});
// The same with the caller's encode_moments(), which depends on nothing but the model and the pixels; its
// errors are passed on.
using MomentsEncoder = std::function<Result<at::Tensor>(const at::Tensor& pixels)>;
Result<Generation> begin_generation(const ModelComponents& model, const GenerationRequest& request,
                                    const TextEmbeddings& embeddings, const MomentsEncoder& encode);

// True where the two may share their next UNet call: equal latent size and prompt length, the same layers.
bool can_share_batch(const Generation& a, const Generation& b);

// One model evaluation for each of the generations, in one UNet call. Precondition: none is done and all can
// share. A generation's numbers do not depend on who shares the batch beyond float rounding.
void denoise_step(const ModelComponents& model, std::span<Generation* const> generations);

}  // namespace sdw::pipeline
