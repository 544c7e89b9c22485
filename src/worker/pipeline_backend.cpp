#include "worker/pipeline_backend.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <future>
#include <malloc.h>
#include <utility>

#include "io/plain_name.h"
#include "models/memory.h"
#include "models/model_file.h"
#include "ops/caching_allocator.h"
#include "pipeline/inspect_model.h"
#include "pipeline/latent_preview.h"
#include "worker/pipeline_model.h"
#include "worker/tensor_errors.h"

namespace sdw::worker {
namespace {

constexpr int kLoadedPercent = 90;  // the rest is the first, slow call
constexpr int kWarmUpSize = 64;     // pixels

// One step of a small picture, so that the first job does not pay for what is set up on first use.
Status warm_up(PipelineModel& model, bool inpainting) {
  contract::JobRequest request;
  request.sampling.width = request.sampling.height = kWarmUpSize;
  jobs::PictureSpec spec{&request, {}, 0};
  if (inpainting) {
    request.sampling.operation = request::Operation::image_inpaint;
    const io::Picture grey{kWarmUpSize, kWarmUpSize,
                           std::vector<std::uint8_t>(kWarmUpSize * kWarmUpSize * 3, 128)};
    spec.pictures.input = spec.pictures.mask = std::make_shared<const io::Picture>(grey);
  }
  Result<std::unique_ptr<jobs::Generation>> generation = model.begin(spec, {});
  if (!generation) return generation.error();
  jobs::Generation* const one[] = {generation->get()};
  model.step(one);
  return ok_status();
}

class PipelineBackend : public jobs::Backend {
 public:
  PipelineBackend(const PipelineOptions& options, jobs::Observer& observer)
      : options_(options), observer_(observer) {}

  const std::vector<std::string>& precisions() const override { return options_.precisions; }

  Result<jobs::ModelDescription> inspect(const std::filesystem::path& path, bool whole) override {
    return with_tensor_errors([&] { return inspect_here(path, whole); });
  }

  Result<std::unique_ptr<jobs::LoadedModel>> load(const jobs::ModelSource& source,
                                                  const std::function<void(int)>& on_progress,
                                                  const CancelToken& cancel) override {
    // On a thread that ends. OpenMP keeps threads for every thread that ran a loop, and where there are more
    // of them than processors, those of the engine too are asleep at the beginning of each loop.
    return with_tensor_errors([&] {
      return std::async(std::launch::async, [&] { return load_here(source, on_progress, cancel); }).get();
    });
  }

  void release_memory() override {
    ops::release_cached_memory();
    malloc_trim(0);
  }

  bool has_lora(std::string_view name) const override { return lora_file(name).ok(); }

 private:
  Result<jobs::ModelDescription> inspect_here(const std::filesystem::path& path, bool whole) const {
    const auto report =
        pipeline::inspect_model(path, whole ? pipeline::Tokenizers::parsed : pipeline::Tokenizers::left_out);
    if (!report) return report.error();
    if (report->family.empty()) {
      return Error{
          ErrorCode::model_invalid,
          "a model to serve is a diffusers folder or a single-file checkpoint, not another " + report->kind,
          "model"};
    }
    jobs::ModelDescription description;
    description.family = report->family;
    description.default_width = report->width;
    description.default_height = report->height;
    description.default_steps = report->steps;
    description.default_guidance = report->guidance_scale;
    for (const auto& component : report->components) {
      if (!component.problems.empty()) {
        return Error{ErrorCode::model_invalid, component.name + ": " + component.problems.front(),
                     component.name};
      }
      description.disk_bytes += component.bytes;
      for (const auto& [precision, placement] : options_.placements) {
        description.memory_bytes[precision] +=
            models::prepared_bytes(component.dtypes, pipeline::placement_of(component.name, placement));
      }
    }
    return description;
  }

  Result<std::unique_ptr<jobs::LoadedModel>> load_here(const jobs::ModelSource& source,
                                                       const std::function<void(int)>& on_progress,
                                                       const CancelToken& cancel) {
    const c10::InferenceMode no_gradients;
    const std::filesystem::path& path = source.path;
    pipeline::LoadOptions load_options{.placement = options_.placements.at(source.variant.precision),
                                       .memory_limit_bytes = options_.memory_limit_bytes};
    for (const contract::LoraRequest& lora : source.variant.loras) {
      Result<std::filesystem::path> file = lora_file(lora.name);
      if (!file) return file.error();
      load_options.loras.push_back({*std::move(file), lora.strength});
    }
    load_options.on_progress = [&](int percent) { on_progress(percent * kLoadedPercent / 100); };
    auto components = pipeline::load_model(path, load_options);
    if (!components) return components.error();
    if (cancel.cancelled()) return Error{ErrorCode::cancelled, "loading was given up"};
    on_progress(kLoadedPercent);
    auto preview =
        pipeline::read_latent_preview(path, components->family, components->vae.config.latent_channels);
    if (!preview) return preview.error();

    const bool inpainting = components->inpainting;
    auto model = std::make_unique<PipelineModel>(
        std::move(components).value(), std::move(preview).value(), source.description,
        CacheSizes{options_.text_cache_entries, options_.picture_cache_entries}, observer_);
    if (Status warm = warm_up(*model, inpainting); !warm) return warm.error();
    release_memory();  // what loading took beside the weights
    on_progress(100);
    return std::unique_ptr<jobs::LoadedModel>(std::move(model));
  }

  // Error: model_not_found, also for a name that leads out of the folder.
  Result<std::filesystem::path> lora_file(std::string_view name) const {
    const std::string file = fmt::format("{}.safetensors", name);
    if (options_.lora_dir.empty() || !io::is_plain_name(file)) {
      return Error{ErrorCode::model_not_found, "there is no such LoRA", "loras"};
    }
    return models::model_file(options_.lora_dir, file);
  }

  const PipelineOptions options_;
  jobs::Observer& observer_;
};

}  // namespace

std::unique_ptr<jobs::Backend> make_pipeline_backend(const PipelineOptions& options,
                                                     jobs::Observer& observer) {
  return std::make_unique<PipelineBackend>(options, observer);
}

}  // namespace sdw::worker
