#include "pipeline/model_folder.h"

#include <fmt/format.h>
#include <string>

#include "models/model_file.h"

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
  if (name.empty())
    return invalid("model_index.json", fmt::format("model_index.json names no {}", component));
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

template <class Config>
Result<Config> read_component(const fs::path& root, const char* component,
                              Result<Config> (*parse)(const nlohmann::json&, const std::string&)) {
  const auto file = std::string(component) + "/config.json";
  auto json = models::read_model_json(root, file);
  if (!json && json.error().code == ErrorCode::model_not_found)
    return invalid(file, "the model has no " + file);
  if (!json) return json.error();
  return parse(*json, file);
}

Status expect_equal(const char* what, std::int64_t expected, std::int64_t got) {
  if (expected == got) return ok_status();
  return invalid("unet/config.json", fmt::format("{}: expected {}, got {}", what, expected, got));
}

// Parts taken from different models are found here, not as a shape error in the first step.
Status check_fit(const ModelFolder& folder) {
  const auto& unet = folder.unet;
  const auto latent = folder.vae.latent_channels;
  if (unet.in_channels != latent && unet.in_channels != 2 * latent + 1) {
    return invalid("unet/config.json",
                   fmt::format("unet in_channels is {}: expected {} (or {} for inpainting) to fit the "
                               "VAE's {} latent channels",
                               unet.in_channels, latent, 2 * latent + 1, latent));
  }
  auto hidden = folder.text_encoder.hidden_size;
  if (folder.text_encoder_2) hidden += folder.text_encoder_2->hidden_size;
  for (const auto dim : unet.cross_attention_dim) {
    if (auto status = expect_equal("unet cross_attention_dim against the text encoders' width", hidden, dim);
        !status)
      return status;
  }
  if (folder.family == ModelFamily::sdxl) {
    constexpr int kTimeIds = 6;
    const auto expected = kTimeIds * unet.addition_time_embed_dim + folder.text_encoder_2->projection_dim;
    if (auto status = expect_equal("unet projection_class_embeddings_input_dim", expected,
                                   unet.projection_class_embeddings_input_dim);
        !status) {
      return status;
    }
  }
  return expect_equal("unet out_channels against the VAE's latent channels", latent, unet.out_channels);
}

}  // namespace

Result<ModelFolder> read_model_folder(const fs::path& path) {
  auto index = read_index(path);
  if (!index) return index.error();

  ModelFolder folder;
  folder.root = path;
  auto unet = read_component(path, "unet", &models::parse_unet_config);
  if (!unet) return unet.error();
  folder.unet = std::move(*unet);
  auto vae = read_component(path, "vae", &models::parse_vae_config);
  if (!vae) return vae.error();
  folder.vae = std::move(*vae);
  auto text = read_component(path, "text_encoder", &models::parse_clip_text_config);
  if (!text) return text.error();
  folder.text_encoder = std::move(*text);

  if (folder.unet.text_time) {
    if (auto status = expect_class(*index, "text_encoder_2", {"CLIPTextModelWithProjection"}); !status)
      return status.error();
    auto second = read_component(path, "text_encoder_2", &models::parse_clip_text_config);
    if (!second) return second.error();
    folder.text_encoder_2 = std::move(*second);
    folder.text_encoder_2->with_projection = true;
    folder.family = ModelFamily::sdxl;
    folder.force_zeros_for_empty_prompt =
        index->value("force_zeros_for_empty_prompt", nlohmann::json(true)) != false;
  } else {
    // One and two differ in the text encoder: OpenAI's CLIP (quick GELU) and OpenCLIP (GELU).
    folder.family =
        folder.text_encoder.hidden_act == ops::Activation::gelu ? ModelFamily::sd2 : ModelFamily::sd1;
  }
  folder.inpainting = folder.unet.in_channels == 2 * folder.vae.latent_channels + 1;

  auto scheduler = schedulers::load_scheduler_settings(path / "scheduler" / "scheduler_config.json");
  if (!scheduler) return scheduler.error();
  folder.scheduler = std::move(*scheduler);

  if (auto status = check_fit(folder); !status) return status.error();
  return folder;
}

Result<ModelWeights> open_model_weights(const ModelFolder& folder) {
  constexpr const char* kDiffusersStem = "diffusion_pytorch_model";
  constexpr const char* kTransformersStem = "model";
  const auto open = [&](const char* component, const char* stem) {
    return models::WeightMap::open(folder.root, folder.root / component, stem);
  };
  auto text = open("text_encoder", kTransformersStem);
  if (!text) return text.error();
  auto unet = open("unet", kDiffusersStem);
  if (!unet) return unet.error();
  auto vae = open("vae", kDiffusersStem);
  if (!vae) return vae.error();
  ModelWeights weights{std::move(*text), std::nullopt, std::move(*unet), std::move(*vae)};
  if (folder.text_encoder_2) {
    auto second = open("text_encoder_2", kTransformersStem);
    if (!second) return second.error();
    weights.text_encoder_2 = std::move(*second);
  }
  return weights;
}

ModelDefaults model_defaults(const ModelFolder& folder) {
  constexpr std::int64_t kDefaultLatentSize = 64;
  ModelDefaults defaults;
  const auto latent = folder.unet.sample_size > 0 ? folder.unet.sample_size : kDefaultLatentSize;
  defaults.width = defaults.height = static_cast<int>(latent * folder.vae.scale());
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
    defaults.guidance_scale = folder.unet.time_cond_proj_dim > 0 ? 8.5 : 0;
  }
  return defaults;
}

}  // namespace sdw::pipeline
