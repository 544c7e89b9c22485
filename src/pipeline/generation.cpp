#include "pipeline/generation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/pad.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <cmath>

#include "pipeline/latents.h"
#include "pipeline/make_sampler.h"
#include "pipeline/picture_tensor.h"

namespace sdw::pipeline {
namespace {

// LCM: sine embedding of the guidance scale, [1, size] (diffusers' get_guidance_scale_embedding).
at::Tensor guidance_scale_embedding(double scale, std::int64_t size) {
  const auto half = size / 2;
  const float step = std::log(10000.0F) / static_cast<float>(half - 1);
  const auto frequencies = at::exp(at::arange(half, at::kFloat) * -step);
  const auto angles = (frequencies * (static_cast<float>(scale - 1) * 1000.0F)).unsqueeze(0);
  auto embedding = at::cat({at::sin(angles), at::cos(angles)}, 1);
  return size % 2 == 1 ? at::pad(embedding, {0, 1}) : embedding;
}

at::Tensor with_negative(const at::Tensor& negative, const at::Tensor& positive) {
  return negative.defined() ? at::cat({negative, positive}) : positive;
}

models::UNetContext make_context(const ModelComponents& model, const SamplingConfig& sampling,
                                 const TextEmbeddings& embeddings) {
  const auto states = with_negative(embeddings.negative, embeddings.prompt);
  models::AddedConditions added;
  if (embeddings.pooled.defined()) {
    added.text_embeds = with_negative(embeddings.negative_pooled, embeddings.pooled);
    const auto height = static_cast<float>(sampling.height), width = static_cast<float>(sampling.width);
    // Original size, crop (top, left), target size.
    added.time_ids = at::tensor({height, width, 0.0F, 0.0F, height, width}, at::kFloat)
                         .to(model.device)
                         .repeat({states.size(0), 1});
  }
  if (const auto size = model.unet.config.time_cond_proj_dim; size > 0) {
    added.timestep_cond =
        guidance_scale_embedding(sampling.guidance_scale, size).to(model.device, model.dtype);
  }
  return models::unet_context(model.unet, states, added);
}

// Image to image: the noised posterior sample of the input. Draws: posterior, noise.
Result<at::Tensor> transform_latents(const ModelComponents& model, const GenerationRequest& request,
                                     const MomentsEncoder& encode, Generation& generation) {
  const auto& sampling = request.sampling;
  const auto moments = encode(image_to_tensor(*request.input_image, sampling.width, sampling.height));
  if (!moments) return moments.error();
  const auto original = sample_latents(model, *moments, generation.generator);
  const auto noise =
      initial_latents(model, sampling.width, sampling.height, generation.generator).to(model.device);
  return generation.sampler->add_noise(original, noise, 0);
}

// Inpainting. Draws: posterior of the input (where it is needed), noise, posterior of the masked input.
Result<at::Tensor> inpaint_latents(const ModelComponents& model, const GenerationRequest& request,
                                   const MomentsEncoder& encode, Generation& generation) {
  const auto& sampling = request.sampling;
  const auto pixels = image_to_tensor(*request.input_image, sampling.width, sampling.height);
  const auto mask = mask_to_tensor(*request.mask_image, sampling.width, sampling.height);
  const bool from_noise = sampling.strength == 1.0;
  at::Tensor original;
  if (!model.inpainting || !from_noise) {
    const auto moments = encode(pixels);
    if (!moments) return moments.error();
    original = sample_latents(model, *moments, generation.generator);
  }
  const auto noise =
      initial_latents(model, sampling.width, sampling.height, generation.generator).to(model.device);
  // The reference draws for the masked input even where a 4-channel UNet has no use for it.
  const auto masked_moments = encode(pixels * (1.0 - mask));
  if (!masked_moments) return masked_moments.error();
  const auto masked = sample_latents(model, *masked_moments, generation.generator);

  generation.mask = at::upsample_nearest2d(mask, {noise.size(2), noise.size(3)}).to(model.device);
  if (model.inpainting) {
    generation.masked_image_latents = masked;
  } else {
    generation.image_latents = original;
    generation.noise = noise;
  }
  return from_noise ? noise * generation.sampler->init_noise_sigma()
                    : generation.sampler->add_noise(original, noise, 0);
}

Result<at::Tensor> first_latents(const ModelComponents& model, const GenerationRequest& request,
                                 const MomentsEncoder& encode, Generation& generation) {
  switch (request.sampling.operation) {
    case Operation::image_transform:
      return transform_latents(model, request, encode, generation);
    case Operation::image_inpaint:
      return inpaint_latents(model, request, encode, generation);
    case Operation::image_generation:
      break;
  }
  const auto& sampling = request.sampling;
  return initial_latents(model, sampling.width, sampling.height, generation.generator).to(model.device) *
         generation.sampler->init_noise_sigma();
}

bool reuses_features(const Generation& generation) {
  return generation.sampling.shortcuts.deep_cache_interval > 1;
}

// How a generation's next evaluation is made.
struct Plan {
  bool guided = false;   // two passes over the picture: negative, positive
  bool shallow = false;  // with the deep features there are
  bool frozen = false;   // with what the cross-attentions gave
  bool freezes = false;  // what they give now is what they give from here on

  std::int64_t passes() const { return guided ? 2 : 1; }
};

Plan next_plan(const Generation& generation) {
  const Shortcuts& shortcuts = generation.sampling.shortcuts;
  const auto& sampler = *generation.sampler;
  const auto evaluations = static_cast<double>(sampler.timesteps().size());
  const auto at = static_cast<double>(sampler.evaluation());
  const auto freeze = std::max(1.0, std::round(shortcuts.cross_attention_end * evaluations));
  Plan plan;
  plan.frozen = at >= freeze;
  plan.freezes = at + 1 == freeze && freeze < evaluations;
  plan.guided = generation.guided && !plan.frozen &&
                at >= std::round(shortcuts.guidance_start * evaluations) &&
                at < std::round(shortcuts.guidance_end * evaluations);
  const bool features_fit =
      generation.deep_features.defined() && generation.deep_features.size(0) >= plan.passes();
  plan.shallow = features_fit && !plan.freezes && sampler.evaluation() % shortcuts.deep_cache_interval != 0;
  return plan;
}

// What the UNet sees of one generation: [1, in_channels, h, w].
at::Tensor unet_sample(const ModelComponents& model, const Generation& generation, const at::Tensor& sample) {
  return model.inpainting ? at::cat({sample, generation.mask, generation.masked_image_latents}, 1) : sample;
}

const models::UNetContext& context_of(const Generation& generation, const Plan& plan) {
  if (plan.frozen) return generation.frozen_context;
  return generation.guided && !plan.guided ? generation.prompt_context : generation.context;
}

// Of the positive half, where only that is asked for.
at::Tensor deep_features_of(const Generation& generation, const Plan& plan) {
  const at::Tensor& features = generation.deep_features;
  return plan.guided ? features : features.narrow(0, features.size(0) - 1, 1);
}

// `outputs` of all passes, of which `passes` from `first` on are this generation's.
void freeze(Generation& generation, std::span<const at::Tensor> outputs, std::int64_t first,
            std::int64_t passes) {
  std::vector<at::Tensor> means;
  for (const at::Tensor& output : outputs) means.push_back(output.narrow(0, first, passes).mean(0, true));
  const auto& context = generation.guided ? generation.prompt_context : generation.context;
  generation.frozen_context = models::with_outputs(context, means);
}

// After a step a 4-channel UNet's latents outside the mask are put back to the input at the next noise level.
void keep_outside_mask(Generation& generation) {
  auto& sampler = *generation.sampler;
  auto kept = generation.image_latents;
  if (!sampler.done()) kept = sampler.add_noise(kept, generation.noise, sampler.evaluation());
  sampler.set_latents((1 - generation.mask) * kept + generation.mask * sampler.latents());
}

void take_answer(Generation& generation, const Plan& plan, at::Tensor answer) {
  if (plan.guided) {
    const auto parts = answer.chunk(2);
    answer = parts[0] + generation.sampling.guidance_scale * (parts[1] - parts[0]);
  }
  generation.last_answer = answer;
  generation.sampler->advance(answer, generation.generator);
  if (generation.image_latents.defined()) keep_outside_mask(generation);
}

}  // namespace

bool uses_guidance(const ModelComponents& model, const SamplingConfig& sampling) {
  return sampling.guidance_scale > 1 && model.unet.config.time_cond_proj_dim == 0;
}

Result<Generation> begin_generation(const ModelComponents& model, const GenerationRequest& request,
                                    const TextEmbeddings& embeddings, const StopCheck& stop) {
  const MomentsEncoder encode = [&](const at::Tensor& pixels) { return encode_moments(model, pixels, stop); };
  return begin_generation(model, request, embeddings, encode);
}

Result<Generation> begin_generation(const ModelComponents& model, const GenerationRequest& request,
                                    const TextEmbeddings& embeddings, const MomentsEncoder& encode) {
  const auto& sampling = request.sampling;
  if (sampling.operation != Operation::image_generation && !request.input_image) {
    return Error{ErrorCode::invalid_request, "an input picture is needed", "input_image"};
  }
  if (sampling.operation == Operation::image_inpaint && !request.mask_image) {
    return Error{ErrorCode::invalid_request, "a mask is needed", "mask_image"};
  }
  const ModelInUse beginning = in_use(model);
  auto sampler = make_sampler(model, sampling);
  if (!sampler) return sampler.error();

  Generation generation;
  generation.sampling = sampling;
  generation.sampler = std::move(*sampler);
  generation.generator = seeded_generator(request.seed);
  generation.guided = embeddings.negative.defined();
  generation.context = make_context(model, sampling, embeddings);
  if (generation.guided) generation.prompt_context = models::row_of(generation.context, 1);
  auto latents = first_latents(model, request, encode, generation);
  if (!latents) return latents.error();
  generation.sampler->start(std::move(latents).value());
  return generation;
}

bool can_share_batch(const Generation& a, const Generation& b) {
  const auto tokens = [](const Generation& g) {
    return g.context.cross_attention.empty() ? 0 : g.context.cross_attention.front().key.size(1);
  };
  return a.sampler->latents().sizes() == b.sampler->latents().sizes() && tokens(a) == tokens(b) &&
         a.sampling.shortcuts.token_merging_ratio == b.sampling.shortcuts.token_merging_ratio &&
         next_plan(a).shallow == next_plan(b).shallow && next_plan(a).frozen == next_plan(b).frozen;
}

void denoise_step(const ModelComponents& model, std::span<Generation* const> generations) {
  const ModelInUse stepping = in_use(model);
  std::vector<Plan> plans;
  std::vector<at::Tensor> samples, known_features;
  std::vector<double> timesteps;
  std::vector<const models::UNetContext*> contexts;
  models::UNetInput input;
  at::Tensor features;
  std::vector<at::Tensor> outputs;
  models::UNetStates states;
  for (std::size_t i = 0; i < generations.size(); ++i) {
    Generation& generation = *generations[i];
    const Plan plan = next_plan(generation);
    const auto evaluation = generation.sampler->next();
    generation.last_sample = evaluation.sample;
    generation.last_evaluation = generation.sampler->evaluation();
    samples.push_back(unet_sample(model, generation, evaluation.sample));
    timesteps.push_back(evaluation.timestep);
    input.pictures.insert(input.pictures.end(), plan.passes(), static_cast<std::int64_t>(i));
    input.merging.ratio = generation.sampling.shortcuts.token_merging_ratio;
    input.merging.seeds.push_back(generation.last_evaluation);
    contexts.push_back(&context_of(generation, plan));
    if (plan.shallow) known_features.push_back(deep_features_of(generation, plan));
    if (reuses_features(generation)) states.deep_features = &features;
    if (plan.freezes) states.cross_attention = &outputs;
    plans.push_back(plan);
  }
  const auto joined = [](const std::vector<at::Tensor>& parts) {
    return parts.size() == 1 ? parts.front() : at::cat(parts);
  };
  input.sample = joined(samples);
  input.timesteps = at::tensor(timesteps, at::kDouble).to(at::kFloat).to(model.device);
  const auto context = models::concat(contexts);
  const auto answers = (plans.front().shallow
                            ? models::unet_forward_shallow(model.unet, input, context, joined(known_features))
                            : models::unet_forward(model.unet, input, context, states))
                           .to(at::kFloat);
  std::int64_t first = 0;
  for (std::size_t i = 0; i < generations.size(); ++i) {
    Generation& generation = *generations[i];
    const std::int64_t passes = plans[i].passes();
    if (features.defined() && reuses_features(generation)) {
      generation.deep_features = features.narrow(0, first, passes);
    }
    if (plans[i].freezes) freeze(generation, outputs, first, passes);
    take_answer(generation, plans[i], answers.narrow(0, first, passes));
    first += passes;
  }
}

}  // namespace sdw::pipeline
