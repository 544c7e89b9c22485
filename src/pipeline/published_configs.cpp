#include "pipeline/published_configs.h"

#include <ATen/ops/std.h>
#include <optional>

namespace sdw::pipeline {
namespace {

using models::Checkpoint;
using models::CheckpointKind;
using nlohmann::json;

json unet_1() {
  return json::parse(R"({
    "sample_size": 64, "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "cross_attention_dim": 768,
    "block_out_channels": [320, 640, 1280, 1280], "attention_head_dim": 8,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]
  })");
}

json unet_2() {
  json config = unet_1();
  config.update(json::parse(R"({
    "cross_attention_dim": 1024, "attention_head_dim": [5, 10, 20, 20], "use_linear_projection": true
  })"));
  return config;
}

json unet_xl() {
  return json::parse(R"({
    "sample_size": 128, "in_channels": 4, "out_channels": 4, "layers_per_block": 2, "cross_attention_dim": 2048,
    "block_out_channels": [320, 640, 1280], "attention_head_dim": [5, 10, 20],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "transformer_layers_per_block": [1, 2, 10], "use_linear_projection": true,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816
  })");
}

json vae() {
  return json::parse(R"({
    "in_channels": 3, "out_channels": 3, "latent_channels": 4, "layers_per_block": 2,
    "block_out_channels": [128, 256, 512, 512], "scaling_factor": 0.18215,
    "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D", "DownEncoderBlock2D"],
    "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"]
  })");
}

json vae_xl() {
  json config = vae();
  config.update({{"scaling_factor", 0.13025}, {"force_upcast", true}});
  return config;
}

json clip_l() {
  return json::parse(R"({
    "architectures": ["CLIPTextModel"], "vocab_size": 49408, "max_position_embeddings": 77, "hidden_size": 768,
    "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12, "hidden_act": "quick_gelu",
    "projection_dim": 768, "bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1
  })");
}

// Without its last layer: Stable Diffusion 2 reads the one before it.
json open_clip_h() {
  json config = clip_l();
  config.update(json::parse(R"({
    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16,
    "hidden_act": "gelu", "projection_dim": 512
  })"));
  return config;
}

json open_clip_g() {
  json config = clip_l();
  config.update(json::parse(R"({
    "architectures": ["CLIPTextModelWithProjection"], "hidden_size": 1280, "intermediate_size": 5120,
    "num_hidden_layers": 32, "num_attention_heads": 20, "hidden_act": "gelu", "projection_dim": 1280
  })"));
  return config;
}

schedulers::SchedulerSettings scheduler(const char* class_name, const json& more = json::object()) {
  json fields = json::parse(R"({
    "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000,
    "clip_sample": false, "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1
  })");
  fields.update(more);
  fields["_class_name"] = class_name;
  return {class_name, std::move(fields)};
}

bool is_named(const Checkpoint& checkpoint, const char* tensor) {
  return checkpoint.file().tensors().contains(tensor);
}

// Where an author's file says it: {"modelspec.prediction_type": "v"} (Stability AI's ModelSpec).
std::optional<bool> told_velocity(const Checkpoint& checkpoint) {
  const auto& metadata = checkpoint.file().metadata();
  const auto found = metadata.find("modelspec.prediction_type");
  if (found == metadata.end()) return std::nullopt;
  return found->second.starts_with('v');
}

// Source: `SD20.model_type`, https://github.com/comfyanonymous/ComfyUI/blob/master/comfy/supported_models.py
Result<bool> looks_like_velocity(const Checkpoint& checkpoint) {
  constexpr const char* kBias = "up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias";
  constexpr double kLeastSpread = 0.09;
  auto unet = checkpoint.component("unet");
  if (!unet) return unet.error();
  const at::Tensor bias = unet->take(kBias, {320});
  if (auto status = unet->status(); !status) return status.error();
  return at::std(bias.to(at::kFloat), false).item<double>() > kLeastSpread;
}

Result<ModelConfigs> configs_2(const Checkpoint& checkpoint) {
  ModelConfigs configs{.text_encoder = open_clip_h(), .unet = unet_2(), .vae = vae()};
  configs.scheduler = scheduler("PNDMScheduler");
  if (checkpoint.unet_in_channels() != 4) return configs;  // only the plain ones were trained for velocity
  auto velocity = told_velocity(checkpoint);
  if (!velocity) {
    const auto guess = looks_like_velocity(checkpoint);
    if (!guess) return guess.error();
    velocity = *guess;
  }
  if (*velocity) {
    configs.unet["sample_size"] = 96;
    configs.scheduler = scheduler("DDIMScheduler", {{"prediction_type", "v_prediction"}});
  }
  return configs;
}

ModelConfigs configs_xl(const Checkpoint& checkpoint) {
  ModelConfigs configs{
      .text_encoder = clip_l(), .unet = unet_xl(), .vae = vae_xl(), .text_encoder_2 = open_clip_g()};
  configs.force_zeros_for_empty_prompt = true;
  json fields = {{"timestep_spacing", "leading"}, {"prediction_type", "epsilon"}};
  if (told_velocity(checkpoint).value_or(is_named(checkpoint, "v_pred"))) {
    fields["prediction_type"] = "v_prediction";
  }
  if (is_named(checkpoint, "ztsnr")) fields["rescale_betas_zero_snr"] = true;
  configs.scheduler = scheduler("EulerDiscreteScheduler", fields);
  return configs;
}

Result<ModelConfigs> configs_of(const Checkpoint& checkpoint) {
  switch (checkpoint.kind()) {
    case CheckpointKind::sd1:
      return ModelConfigs{
          .text_encoder = clip_l(), .unet = unet_1(), .vae = vae(), .scheduler = scheduler("PNDMScheduler")};
    case CheckpointKind::sd2:
      return configs_2(checkpoint);
    case CheckpointKind::sdxl:
      break;
  }
  return configs_xl(checkpoint);
}

}  // namespace

Result<ModelConfigs> published_configs(const Checkpoint& checkpoint) {
  auto configs = configs_of(checkpoint);
  constexpr std::int64_t kInpainting = 9;
  if (configs && checkpoint.unet_in_channels() == kInpainting) configs->unet["in_channels"] = kInpainting;
  return configs;
}

}  // namespace sdw::pipeline
