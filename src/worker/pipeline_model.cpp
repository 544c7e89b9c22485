#include "worker/pipeline_model.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/ParallelGuard.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <vector>

#include "contract/field_values.h"
#include "jobs/content_digest.h"
#include "pipeline/latents.h"
#include "pipeline/picture_tensor.h"
#include "request/sampling_fields.h"
#include "schedulers/registry.h"
#include "worker/pipeline_generation.h"
#include "worker/tensor_errors.h"

namespace sdw::worker {
namespace {

// The engine hands back what begin() gave it.
PipelineGeneration& of(jobs::Generation& generation) {
  return static_cast<PipelineGeneration&>(generation);
}
const PipelineGeneration& of(const jobs::Generation& generation) {
  return static_cast<const PipelineGeneration&>(generation);
}

Result<pipeline::SamplingConfig> config_of(const contract::JobRequest& request,
                                           const jobs::InputPictures& pictures,
                                           const pipeline::ModelComponents& model) {
  const io::Picture* input = pictures.input.get();
  return pipeline::make_sampling_config(request.sampling, model, input != nullptr ? input->width : 0,
                                        input != nullptr ? input->height : 0);
}

// What a picture is made with, defaults filled in, under the names of the request's fields.
nlohmann::json settings_of(const pipeline::SamplingConfig& config, const pipeline::ModelComponents& model) {
  request::SamplingOptions options = pipeline::as_options(config);
  const auto own = schedulers::own_sampler(model.scheduler_settings);
  if (options.sampler.empty() && own) options.sampler = *own;
  nlohmann::json settings = nlohmann::json::object();
  contract::write_fields(settings, request::sampling_fields(), options);
  return settings;
}

}  // namespace

PipelineModel::PipelineModel(pipeline::ModelComponents components, pipeline::LatentPreview preview,
                             jobs::ModelDescription description, const CacheSizes& caches,
                             jobs::Observer& observer)
    : components_(std::move(components)),
      preview_(std::move(preview)),
      description_(std::move(description)),
      observer_(observer),
      prompts_(caches.prompts),
      moments_(caches.pictures) {}

Status PipelineModel::check(const contract::JobRequest& request, const jobs::InputPictures& pictures) const {
  return with_tensor_errors([&]() -> Status {
    const c10::ParallelGuard serial(true);  // little work, and the processors are the engine's
    const c10::InferenceMode no_gradients;
    const auto config = config_of(request, pictures, components_);
    if (!config) return config.error();
    return ok_status();
  });
}

Result<std::unique_ptr<jobs::Generation>> PipelineModel::begin(const jobs::PictureSpec& spec,
                                                               const StopCheck& stop) {
  return with_tensor_errors([&]() -> Result<std::unique_ptr<jobs::Generation>> {
    const c10::InferenceMode no_gradients;
    const contract::JobRequest& request = *spec.request;
    Result<pipeline::SamplingConfig> config = config_of(request, spec.pictures, components_);
    if (!config) return config.error();
    pipeline::GenerationRequest wanted;
    wanted.prompt = request.prompt;
    wanted.negative_prompt = request.negative_prompt;
    wanted.seed = spec.seed;
    wanted.sampling = *config;
    wanted.input_image = spec.pictures.input;
    wanted.mask_image = spec.pictures.mask;
    const auto embeddings = pipeline::text_embeddings(
        components_, wanted.prompt, wanted.negative_prompt, pipeline::uses_guidance(components_, *config),
        config->clip_skip, pipeline::PromptEncoder([&](std::string_view prompt, int clip_skip) {
          return encode_prompt(prompt, clip_skip, stop);
        }));
    if (!embeddings) return embeddings.error();
    Result<pipeline::Generation> generation = pipeline::begin_generation(
        components_, wanted, *embeddings,
        pipeline::MomentsEncoder([&](const at::Tensor& pixels) { return encode_moments(pixels, stop); }));
    if (!generation) return generation.error();
    return std::unique_ptr<jobs::Generation>(std::make_unique<PipelineGeneration>(
        std::move(generation).value(), settings_of(*config, components_), embeddings->warnings));
  });
}

Result<pipeline::EncodedPrompt> PipelineModel::encode_prompt(std::string_view prompt, int clip_skip,
                                                             const StopCheck& stop) {
  std::pair key(std::string(prompt), clip_skip);
  const pipeline::EncodedPrompt* known = prompts_.find(key);
  observer_.cache_looked_up("text_embeddings", known != nullptr);
  if (known != nullptr) return *known;
  auto encoded = pipeline::encode_prompt(components_, prompt, clip_skip, stop);
  if (encoded) prompts_.put(std::move(key), *encoded);
  return encoded;
}

Result<at::Tensor> PipelineModel::encode_moments(const at::Tensor& pixels, const StopCheck& stop) {
  const at::Tensor flat = pixels.contiguous();
  const auto* bytes = static_cast<const std::byte*>(flat.data_ptr());
  std::string key =
      fmt::format("{}x{} ", flat.size(3), flat.size(2)) + jobs::content_digest({bytes, flat.nbytes()});
  const at::Tensor* known = moments_.find(key);
  observer_.cache_looked_up("vae_latents", known != nullptr);
  if (known != nullptr) return *known;
  auto moments = pipeline::encode_moments(components_, flat, stop);
  if (moments) moments_.put(std::move(key), *moments);
  return moments;
}

bool PipelineModel::can_share(const jobs::Generation& a, const jobs::Generation& b) const {
  return pipeline::can_share_batch(of(a).inner(), of(b).inner());
}

void PipelineModel::step(std::span<jobs::Generation* const> generations) {
  return with_tensor_errors([&] {
    const c10::InferenceMode no_gradients;
    std::vector<pipeline::Generation*> inner;
    for (jobs::Generation* generation : generations) inner.push_back(&of(*generation).inner());
    pipeline::denoise_step(components_, inner);
    for (jobs::Generation* generation : generations) of(*generation).check_latents();
  });
}

Result<io::Picture> PipelineModel::preview(const jobs::Generation& generation) {
  return with_tensor_errors([&]() -> Result<io::Picture> {
    const c10::InferenceMode no_gradients;
    if (preview_.factors.empty()) {
      return Error{ErrorCode::not_found, "no preview is known for this model's latents"};
    }
    return pipeline::preview_picture(
        preview_, pipeline::predicted_latents(components_.scheduler_settings, of(generation).inner()));
  });
}

Result<io::Picture> PipelineModel::finish(jobs::Generation& generation, const StopCheck& stop) {
  return with_tensor_errors([&]() -> Result<io::Picture> {
    const c10::InferenceMode no_gradients;
    const auto image = pipeline::decode_latents(components_, of(generation).inner().sampler->latents(), stop);
    if (!image) return image.error();
    return pipeline::tensor_to_image(*image);
  });
}

}  // namespace sdw::worker
