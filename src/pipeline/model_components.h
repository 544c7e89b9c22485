#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/clip_text.h"
#include "models/unet.h"
#include "models/vae.h"
#include "ops/precision.h"
#include "schedulers/scheduler_settings.h"
#include "support/crash_context.h"
#include "support/result.h"
#include "text/clip_tokenizer.h"

namespace sdw::pipeline {

enum class ModelFamily { sd1, sd2, sdxl };

std::string_view to_string(ModelFamily family);  // "sd1", "sd2", "sdxl"

// What a request gets where it says nothing.
struct ModelDefaults {
  int width = 512;
  int height = 512;
  int steps = 20;
  double guidance_scale = 7.5;
};

// Everything one model needs to make pictures, as loaded. Generation is functions over it.
struct ModelComponents {
  std::string name;                   // of its folder or file
  const char* precision = "unknown";  // as a user names it; static text
  ModelFamily family = ModelFamily::sd1;
  bool inpainting = false;  // a 9-channel UNet: latents, mask, masked picture
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
  text::ClipTokenizer tokenizer;
  std::optional<text::ClipTokenizer> tokenizer_2;  // SDXL
  models::ClipTextEncoder text_encoder;
  std::optional<models::ClipTextEncoder> text_encoder_2;  // SDXL
  models::UNet2DCondition unet;
  models::AutoencoderKL vae;
  schedulers::SchedulerSettings scheduler_settings;
  int vae_scale = 8;  // pixels per latent
  bool force_zeros_for_empty_prompt = false;
  ModelDefaults defaults;
};

// As long as it lives, a crash of this thread names the model, which outlives it.
inline ModelInUse in_use(const ModelComponents& model) {
  return {model.name.c_str(), model.precision};
}

struct LoraChoice {
  std::filesystem::path file;
  double strength = 1;
};

struct LoadOptions {
  ops::Placement placement;
  std::int64_t memory_limit_bytes = 0;  // 0: what the machine has free
  std::vector<LoraChoice> loras{};      // added to the weights, in this order
  // How much of the weights has been read: each percentage once, in order, from any thread.
  std::function<void(int percent)> on_progress{};
};

// Where a component ("unet", "vae", "text_encoder", "text_encoder_2") of a model that is placed so goes: 8
// bits are not for text encoders.
ops::Placement placement_of(std::string_view component, const ops::Placement& where);

// Reads a diffusers folder or a single-file checkpoint (read_model_files). Nothing is taken from its name.
// Errors: model_not_found, model_invalid, out_of_memory (checked before anything is allocated).
Result<ModelComponents> load_model(const std::filesystem::path& path, const LoadOptions& options);

}  // namespace sdw::pipeline
