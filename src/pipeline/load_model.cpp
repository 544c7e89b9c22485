#include <ATen/Context.h>
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <utility>

#include "models/lora.h"
#include "models/memory.h"
#include "pipeline/free_memory.h"
#include "pipeline/load_tokenizer.h"
#include "pipeline/model_components.h"
#include "pipeline/model_files.h"

namespace sdw::pipeline {
namespace {

constexpr double kGigabyte = 1e9;

// Refuses a model that cannot fit before anything is allocated for it.
Status check_memory(const ModelFiles& files, const LoadOptions& options) {
  if (!options.placement.device.is_cpu()) return ok_status();
  const auto bytes_of = [&](std::string_view name, const models::WeightMap& weights) {
    return models::prepared_bytes(weights.parameters_by_dtype(), placement_of(name, options.placement));
  };
  auto needed = bytes_of("text_encoder", files.text_encoder.weights) + bytes_of("unet", files.unet.weights) +
                bytes_of("vae", files.vae.weights);
  if (files.text_encoder_2) needed += bytes_of("text_encoder_2", files.text_encoder_2->weights);
  auto limit = free_memory_bytes();
  if (options.memory_limit_bytes > 0) limit = std::min(limit, options.memory_limit_bytes);
  if (needed <= limit) return ok_status();
  return Error{ErrorCode::out_of_memory,
               fmt::format("the model needs {:.1f} GB of memory and {:.1f} GB are free", needed / kGigabyte,
                           limit / kGigabyte)};
}

// Loads one component into its place.
template <class Config, class Net>
Status load_into(Net& net, models::CheckedComponent<Config>& component, const ops::Placement& where) {
  auto loaded = models::load_component(component, where);
  if (!loaded) return loaded.error();
  net = std::move(*loaded);
  return ok_status();
}

Status add_lora(const LoraChoice& choice, ModelFiles& files) {
  auto lora = models::Lora::open(choice.file);
  if (!lora) return lora.error();
  if (auto status = lora->add_to("text_encoder", files.text_encoder.weights, choice.strength); !status) {
    return status;
  }
  if (files.text_encoder_2) {
    if (auto status = lora->add_to("text_encoder_2", files.text_encoder_2->weights, choice.strength);
        !status) {
      return status;
    }
  }
  if (auto status = lora->add_to("unet", files.unet.weights, choice.strength); !status) return status;
  return lora->all_used();
}

// Turns bytes that several threads read into a rising percentage.
class LoadProgress {
 public:
  LoadProgress(std::int64_t total, std::function<void(int)> tell) : total_(total), tell_(std::move(tell)) {}
  void add(std::int64_t bytes) {
    const std::lock_guard lock(mutex_);
    done_ += bytes;
    const int percent = static_cast<int>(std::min(done_ * 100 / total_, std::int64_t{100}));
    if (percent > told_) tell_(told_ = percent);
  }

 private:
  const std::int64_t total_;
  const std::function<void(int)> tell_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
  int told_ = 0;
};

void follow_loading(ModelFiles& files, const std::function<void(int)>& tell) {
  if (!tell) return;
  std::vector<models::WeightMap*> all{&files.text_encoder.weights, &files.unet.weights, &files.vae.weights};
  if (files.text_encoder_2) all.push_back(&files.text_encoder_2->weights);
  std::int64_t total = 1;
  for (const models::WeightMap* weights : all) total += weights->bytes();
  const auto progress = std::make_shared<LoadProgress>(total, tell);
  for (models::WeightMap* weights : all) {
    weights->set_on_load([progress](std::int64_t bytes) { progress->add(bytes); });
  }
}

// Float32 is float32 on a GPU too, where LibTorch would let convolutions round to TF32.
void forbid_tf32() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
}

Status load_weights(ModelFiles& files, const ops::Placement& where, ModelComponents& model) {
  const auto text_where = placement_of("text_encoder", where);
  if (auto status = load_into(model.text_encoder, files.text_encoder, text_where); !status) return status;
  if (files.text_encoder_2) {
    if (auto status = load_into(model.text_encoder_2.emplace(), *files.text_encoder_2, text_where); !status) {
      return status;
    }
  }
  if (auto status = load_into(model.unet, files.unet, placement_of("unet", where)); !status) return status;
  // XL's VAE overflows in half precision; its configuration says so.
  auto vae_where = placement_of("vae", where);
  if (where.dtype == at::kHalf && files.vae.config.force_upcast) vae_where.dtype = at::kFloat;
  return load_into(model.vae, files.vae, vae_where);
}

const char* name_of(ops::Precision precision) {
  switch (precision) {
    case ops::Precision::exact:
      return "exact";
    case ops::Precision::fast:
      return "fast";
    case ops::Precision::int8:
      return "int8";
  }
  return "unknown";
}

}  // namespace

std::string_view to_string(ModelFamily family) {
  switch (family) {
    case ModelFamily::sd1:
      return "sd1";
    case ModelFamily::sd2:
      return "sd2";
    case ModelFamily::sdxl:
      return "sdxl";
  }
  return "unknown";
}

ops::Placement placement_of(std::string_view component, const ops::Placement& where) {
  return component.starts_with("text_encoder") ? ops::at_least_16_bits(where) : where;
}

Result<ModelComponents> load_model(const std::filesystem::path& path, const LoadOptions& options) {
  auto files = read_model_files(path);
  if (!files) return files.error();
  for (const LoraChoice& choice : options.loras) {
    if (auto status = add_lora(choice, *files); !status) return status.error();
  }
  if (auto status = check_memory(*files, options); !status) return status.error();

  auto tokenizer = load_tokenizer(*files, "tokenizer", files->text_encoder.config);
  if (!tokenizer) return tokenizer.error();
  ModelComponents model{.name = (path.has_filename() ? path : path.parent_path()).filename().string(),
                        .precision = name_of(options.placement.precision),
                        .family = files->family,
                        .inpainting = files->inpainting,
                        .device = options.placement.device,
                        .dtype = options.placement.dtype,
                        .tokenizer = std::move(*tokenizer),
                        .scheduler_settings = files->scheduler,
                        .vae_scale = static_cast<int>(files->vae.config.scale()),
                        .force_zeros_for_empty_prompt = files->force_zeros_for_empty_prompt,
                        .defaults = files->defaults};
  if (files->text_encoder_2) {
    auto second = load_tokenizer(*files, "tokenizer_2", files->text_encoder_2->config);
    if (!second) return second.error();
    model.tokenizer_2 = std::move(*second);
  }
  if (options.placement.device.is_cuda()) forbid_tf32();
  follow_loading(*files, options.on_progress);
  const ModelInUse loading = in_use(model);
  if (auto status = load_weights(*files, options.placement, model); !status) return status.error();
  return model;
}

}  // namespace sdw::pipeline
