#include "pipeline/model_folder.h"

#include <fmt/format.h>
#include <string>

#include "models/config_reader.h"
#include "models/model_file.h"
#include "pipeline/sampling_config.h"
#include "schedulers/registry.h"

namespace sdw::pipeline {
namespace {

namespace fs = std::filesystem;

Error invalid(std::string param, std::string message) {
  return {ErrorCode::model_invalid, std::move(message), std::move(param)};
}

// The class model_index.json names for a component, or "" where there is none (absent or [null, null]).
std::string class_of(const nlohmann::json& index, const char* component) {
  const auto found = index.find(component);
  if (found == index.end() || !found->is_array() || found->size() != 2 || !(*found)[1].is_string()) return "";
  return (*found)[1].get<std::string>();
}

Status expect_class(const nlohmann::json& index, const char* component,
                    std::initializer_list<const char*> supported) {
  const auto name = class_of(index, component);
  for (const char* each : supported) {
    if (name == each) return ok_status();
  }
  if (name.empty()) {
    return invalid("model_index.json", fmt::format("model_index.json names no {}", component));
  }
  return invalid("model_index.json",
                 fmt::format("model_index.json: {} is a {}, which is not supported (expected {})", component,
                             name, *supported.begin()));
}

Result<nlohmann::json> read_index(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder, ignored)) {
    return Error{ErrorCode::model_not_found, fmt::format("there is no model at {}", folder.string()),
                 "model"};
  }
  if (!fs::is_directory(folder, ignored) || !fs::exists(folder / "model_index.json", ignored)) {
    return invalid("model", fmt::format("{} is not a diffusers model folder: it holds no model_index.json",
                                        folder.string()));
  }
  auto index = models::read_model_json(folder, "model_index.json");
  if (!index) return index;
  for (const Status& status :
       {expect_class(*index, "unet", {"UNet2DConditionModel"}),
        expect_class(*index, "vae", {"AutoencoderKL"}),
        expect_class(*index, "text_encoder", {"CLIPTextModel", "CLIPTextModelWithProjection"})}) {
    if (!status) return status.error();
  }
  return index;
}

Status expect_equal(const char* what, std::int64_t expected, std::int64_t got) {
  if (expected == got) return ok_status();
  return invalid("unet/config.json", fmt::format("{}: expected {}, got {}", what, expected, got));
}

// Parts taken from different models are found here, not as a shape error in the first step.
Status check_fit(const ModelFolder& folder) {
  const auto& unet = folder.unet.config;
  const auto latent = folder.vae.config.latent_channels;
  if (unet.in_channels != latent && unet.in_channels != 2 * latent + 1) {
    return invalid("unet/config.json",
                   fmt::format("unet in_channels: expected {} to fit the VAE (or {} for inpainting), got {}",
                               latent, 2 * latent + 1, unet.in_channels));
  }
  auto hidden = folder.text_encoder.config.hidden_size;
  if (folder.text_encoder_2) hidden += folder.text_encoder_2->config.hidden_size;
  for (const auto dim : unet.cross_attention_dim) {
    auto status = expect_equal("unet cross_attention_dim against the text encoders' width", hidden, dim);
    if (!status) return status;
  }
  if (folder.text_encoder_2) {
    constexpr int kTimeIds = 6;
    const auto expected =
        kTimeIds * unet.addition_time_embed_dim + folder.text_encoder_2->config.projection_dim;
    auto status = expect_equal("unet projection_class_embeddings_input_dim", expected,
                               unet.projection_class_embeddings_input_dim);
    if (!status) return status;
  }
  return expect_equal("unet out_channels against the VAE's latent channels", latent, unet.out_channels);
}

// Two text encoders, and the pooled state of the second beside the prompt's.
Status read_second_encoder(const nlohmann::json& index, ModelFolder& folder) {
  if (auto status = expect_class(index, "text_encoder_2", {"CLIPTextModelWithProjection"}); !status) {
    return status;
  }
  auto second = models::check_clip_text(folder.root, "text_encoder_2");
  if (!second) return second.error();
  if (!second->config.with_projection) {
    return invalid("text_encoder_2/config.json", "text_encoder_2 is no CLIPTextModelWithProjection");
  }
  folder.text_encoder_2 = std::move(*second);
  folder.family = ModelFamily::sdxl;
  folder.force_zeros_for_empty_prompt =
      index.value("force_zeros_for_empty_prompt", nlohmann::json(true)) != false;
  return ok_status();
}

// What the configurations imply.
ModelDefaults implied_defaults(const ModelFolder& folder) {
  constexpr std::int64_t kDefaultLatentSize = 64;
  ModelDefaults defaults;
  const auto latent =
      folder.unet.config.sample_size > 0 ? folder.unet.config.sample_size : kDefaultLatentSize;
  defaults.width = defaults.height = static_cast<int>(latent * folder.vae.config.scale());
  // Distilled models tell by their scheduler: Turbo is an Euler sampler with trailing timesteps, LCM its own
  // class.
  const auto spacing = folder.scheduler.fields.value("timestep_spacing", nlohmann::json());
  const bool euler = folder.scheduler.class_name == "EulerDiscreteScheduler" ||
                     folder.scheduler.class_name == "EulerAncestralDiscreteScheduler";
  if (euler && spacing == "trailing") {
    defaults.steps = 4;
    defaults.guidance_scale = 0;
  } else if (folder.scheduler.class_name == "LCMScheduler") {
    defaults.steps = 4;
    defaults.guidance_scale = folder.unet.config.time_cond_proj_dim > 0 ? 8.5 : 0;
  }
  return defaults;
}

// And what the model's author recommends, under the names of diffusers' arguments.
Result<ModelDefaults> read_defaults(const ModelFolder& folder) {
  constexpr const char* kFile = "generation_config.json";
  ModelDefaults defaults = implied_defaults(folder);
  std::error_code ignored;
  if (!fs::exists(folder.root / kFile, ignored)) return defaults;
  auto json = models::read_model_json(folder.root, kFile);
  if (!json) return json.error();
  models::ConfigReader reader(kFile, *json);
  defaults.steps = static_cast<int>(reader.integer("num_inference_steps", defaults.steps, 1, kMaxSteps));
  defaults.guidance_scale = reader.number("guidance_scale", defaults.guidance_scale, 0, kMaxGuidanceScale);
  if (auto status = reader.status(); !status) return status.error();
  return defaults;
}

}  // namespace

Result<ModelFolder> read_model_folder(const fs::path& path) {
  auto index = read_index(path);
  if (!index) return index.error();
  auto text = models::check_clip_text(path, "text_encoder");
  if (!text) return text.error();
  auto unet = models::check_unet(path, "unet");
  if (!unet) return unet.error();
  auto vae = models::check_vae(path, "vae");
  if (!vae) return vae.error();
  const auto scheduler_file = fs::path("scheduler") / "scheduler_config.json";
  if (auto file = models::model_file(path, scheduler_file); !file) return file.error();
  auto scheduler = schedulers::load_scheduler_settings(path / scheduler_file);
  if (!scheduler) return scheduler.error();

  // The reference takes the class from the index, whatever the scheduler's own file says.
  if (auto name = class_of(*index, "scheduler"); !name.empty()) scheduler->class_name = std::move(name);
  if (auto status = schedulers::check_settings(*scheduler); !status) return status.error();

  ModelFolder folder{.root = path,
                     .text_encoder = std::move(*text),
                     .unet = std::move(*unet),
                     .vae = std::move(*vae),
                     .scheduler = std::move(*scheduler)};
  folder.inpainting = folder.unet.config.in_channels != folder.vae.config.latent_channels;
  if (folder.unet.config.text_time) {
    if (auto status = read_second_encoder(*index, folder); !status) return status.error();
  } else if (folder.text_encoder.config.hidden_act == ops::Activation::gelu) {
    // One and two differ in the text encoder: OpenAI's CLIP (quick GELU) and OpenCLIP (GELU).
    folder.family = ModelFamily::sd2;
  }
  if (auto status = check_fit(folder); !status) return status.error();
  auto defaults = read_defaults(folder);
  if (!defaults) return defaults.error();
  folder.defaults = *defaults;
  return folder;
}

}  // namespace sdw::pipeline
