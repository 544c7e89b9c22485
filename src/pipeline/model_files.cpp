#include "pipeline/model_files.h"

#include <fmt/format.h>
#include <functional>
#include <string>

#include "models/checkpoint.h"
#include "models/config_reader.h"
#include "models/weight_files.h"
#include "pipeline/model_configs.h"
#include "pipeline/published_configs.h"
#include "pipeline/sampling_config.h"

namespace sdw::pipeline {
namespace {

namespace fs = std::filesystem;

Error invalid(std::string param, std::string message) {
  return {ErrorCode::model_invalid, std::move(message), std::move(param)};
}

Status expect_equal(const char* what, std::int64_t expected, std::int64_t got) {
  if (expected == got) return ok_status();
  return invalid("unet/config.json", fmt::format("{}: expected {}, got {}", what, expected, got));
}

// Parts taken from different models are found here, not as a shape error in the first step.
Status check_fit(const ModelFiles& files) {
  const auto& unet = files.unet.config;
  const auto latent = files.vae.config.latent_channels;
  if (unet.in_channels != latent && unet.in_channels != 2 * latent + 1) {
    return invalid("unet/config.json",
                   fmt::format("unet in_channels: expected {} to fit the VAE (or {} for inpainting), got {}",
                               latent, 2 * latent + 1, unet.in_channels));
  }
  auto hidden = files.text_encoder.config.hidden_size;
  if (files.text_encoder_2) hidden += files.text_encoder_2->config.hidden_size;
  for (const auto dim : unet.cross_attention_dim) {
    auto status = expect_equal("unet cross_attention_dim against the text encoders' width", hidden, dim);
    if (!status) return status;
  }
  if (files.text_encoder_2) {
    constexpr int kTimeIds = 6;
    const auto expected =
        kTimeIds * unet.addition_time_embed_dim + files.text_encoder_2->config.projection_dim;
    auto status = expect_equal("unet projection_class_embeddings_input_dim", expected,
                               unet.projection_class_embeddings_input_dim);
    if (!status) return status;
  }
  return expect_equal("unet out_channels against the VAE's latent channels", latent, unet.out_channels);
}

// What the configurations imply.
ModelDefaults implied_defaults(const ModelFiles& files) {
  constexpr std::int64_t kDefaultLatentSize = 64;
  ModelDefaults defaults;
  const auto latent = files.unet.config.sample_size > 0 ? files.unet.config.sample_size : kDefaultLatentSize;
  defaults.width = defaults.height = static_cast<int>(latent * files.vae.config.scale());
  // Distilled models tell by their scheduler: Turbo is an Euler sampler with trailing timesteps, LCM its own
  // class.
  const auto spacing = files.scheduler.fields.value("timestep_spacing", nlohmann::json());
  const bool euler = files.scheduler.class_name == "EulerDiscreteScheduler" ||
                     files.scheduler.class_name == "EulerAncestralDiscreteScheduler";
  if (euler && spacing == "trailing") {
    defaults.steps = 4;
    defaults.guidance_scale = 0;
  } else if (files.scheduler.class_name == "LCMScheduler") {
    defaults.steps = 4;
    defaults.guidance_scale = files.unet.config.time_cond_proj_dim > 0 ? 8.5 : 0;
  }
  return defaults;
}

// And what the model's author recommends, under the names of diffusers' arguments.
Result<ModelDefaults> read_defaults(const ModelFiles& files, const nlohmann::json& generation) {
  ModelDefaults defaults = implied_defaults(files);
  models::ConfigReader reader("generation_config.json", generation);
  defaults.steps =
      static_cast<int>(reader.integer("num_inference_steps", defaults.steps, 1, request::kMaxSteps));
  defaults.guidance_scale =
      reader.number("guidance_scale", defaults.guidance_scale, 0, request::kMaxGuidanceScale);
  if (auto status = reader.status(); !status) return status.error();
  return defaults;
}

// The weights of a component by its name.
using OpenWeights = std::function<Result<models::WeightMap>(const char* component)>;

OpenWeights weights_in_folder(const fs::path& folder) {
  return [folder](const char* component) {
    return models::WeightMap::open(folder, component, models::weight_stem(component));
  };
}

template <class Config>
using Check = Result<models::CheckedComponent<Config>> (*)(const nlohmann::json&, models::WeightMap);

template <class Config>
Result<models::CheckedComponent<Config>> check(Check<Config> look, const nlohmann::json& config,
                                               const char* component, const OpenWeights& open) {
  auto weights = open(component);
  if (!weights) return weights.error();
  return look(config, std::move(*weights));
}

Result<ModelFiles> assemble(ModelConfigs configs, const OpenWeights& open) {
  auto text = check(models::check_clip_text, configs.text_encoder, "text_encoder", open);
  if (!text) return text.error();
  auto unet = check(models::check_unet, configs.unet, "unet", open);
  if (!unet) return unet.error();
  auto vae = check(models::check_vae, configs.vae, "vae", open);
  if (!vae) return vae.error();

  ModelFiles files{.tokenizers = std::move(configs.tokenizers),
                   .force_zeros_for_empty_prompt = configs.force_zeros_for_empty_prompt,
                   .text_encoder = std::move(*text),
                   .unet = std::move(*unet),
                   .vae = std::move(*vae),
                   .scheduler = std::move(configs.scheduler)};
  files.inpainting = files.unet.config.in_channels != files.vae.config.latent_channels;
  if (files.unet.config.text_time) {
    auto second = check(models::check_clip_text, configs.text_encoder_2, "text_encoder_2", open);
    if (!second) return second.error();
    if (!second->config.with_projection) {
      return invalid("text_encoder_2/config.json", "text_encoder_2 is no CLIPTextModelWithProjection");
    }
    files.text_encoder_2 = std::move(*second);
    files.family = ModelFamily::sdxl;
  } else if (files.text_encoder.config.hidden_act == ops::Activation::gelu) {
    // One and two differ in the text encoder: OpenAI's CLIP (quick GELU) and OpenCLIP (GELU).
    files.family = ModelFamily::sd2;
  }
  if (auto status = check_fit(files); !status) return status.error();
  auto defaults = read_defaults(files, configs.generation);
  if (!defaults) return defaults.error();
  files.defaults = *defaults;
  return files;
}

bool is_pickle(const fs::path& path) {
  return path.extension() == ".ckpt" || path.extension() == ".pt" || path.extension() == ".bin";
}

}  // namespace

Result<ModelFiles> read_checkpoint(const fs::path& path, io::SafetensorsFile file) {
  auto checkpoint = models::Checkpoint::from_file(std::move(file));
  if (!checkpoint) return checkpoint.error();
  const fs::path beside = fs::path(path).replace_extension(".config");
  std::error_code ignored;
  auto configs = fs::exists(beside, ignored) ? read_model_configs(beside) : published_configs(*checkpoint);
  if (!configs) return configs.error();
  return assemble(std::move(*configs),
                  [&](const char* component) { return checkpoint->component(component); });
}

Result<ModelFiles> read_model_files(const fs::path& path) {
  if (std::error_code ignored; fs::is_regular_file(path, ignored)) {
    if (is_pickle(path)) {
      return invalid("model",
                     fmt::format("{} is a pickle file, which is never opened: convert it to safetensors",
                                 path.filename().string()));
    }
    auto file = io::SafetensorsFile::open(path);
    if (!file) return file.error();
    return read_checkpoint(path, std::move(*file));
  }
  auto configs = read_model_configs(path);
  if (!configs) return configs.error();
  return assemble(std::move(*configs), weights_in_folder(path));
}

}  // namespace sdw::pipeline
