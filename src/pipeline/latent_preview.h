#pragma once

#include <ATen/core/Tensor.h>
#include <array>
#include <filesystem>
#include <vector>

#include "io/picture.h"
#include "pipeline/generation.h"
#include "pipeline/model_components.h"
#include "support/result.h"

namespace sdw::pipeline {

// A linear map from a latent to a pixel in [-1, 1]: cheap enough to show every step, where the VAE is not.
struct LatentPreview {
  std::vector<std::array<double, 3>> factors;  // by latent channel; empty: no map is known
  std::array<double, 3> bias{};
};

// What `latent_preview.json` in the model folder `path` says
// ({"factors":[[r,g,b],...],"bias":[r,g,b]}, as tools/fit_preview.py writes it), else the published map of
// the family's own VAE (ComfyUI's latent_formats.py, after
// https://discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/23204), else none. Error:
// model_invalid.
Result<LatentPreview> read_latent_preview(const std::filesystem::path& path, ModelFamily family,
                                          std::int64_t latent_channels);

// The clean latents that the model's latest answer stands for, [1, C, h, w], whatever the sampler: its noise
// levels come from add_noise(). Precondition: at least one evaluation is done.
at::Tensor predicted_latents(const schedulers::SchedulerSettings& settings, const Generation& generation);

// Latents [1, C, h, w] in the UNet's scale -> a picture of w x h pixels. Precondition: the map has C factors.
io::Picture preview_picture(const LatentPreview& preview, const at::Tensor& latents);

}  // namespace sdw::pipeline
