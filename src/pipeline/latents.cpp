#include "pipeline/latents.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/tensor.h>

#include "models/vae.h"

namespace sdw::pipeline {
namespace {

bool has_latent_statistics(const models::VaeConfig& config) {
  return !config.latents_mean.empty() && !config.latents_std.empty();
}

at::Tensor per_channel(const std::vector<double>& values, const at::Tensor& like) {
  return at::tensor(values, at::kDouble).to(like.options()).view({1, -1, 1, 1});
}

at::Tensor to_vae_space(const ModelComponents& model, const at::Tensor& latents) {
  const auto& config = model.vae.config;
  if (model.family == ModelFamily::sdxl && has_latent_statistics(config)) {
    return latents * per_channel(config.latents_std, latents) / config.scaling_factor +
           per_channel(config.latents_mean, latents);
  }
  const auto unscaled = latents / config.scaling_factor;
  return config.shift_factor == 0 ? unscaled : unscaled + config.shift_factor;
}

at::Tensor to_unet_space(const ModelComponents& model, const at::Tensor& latents) {
  const auto& config = model.vae.config;
  if (model.family == ModelFamily::sdxl && has_latent_statistics(config)) {
    return (latents - per_channel(config.latents_mean, latents)) * config.scaling_factor /
           per_channel(config.latents_std, latents);
  }
  return (config.shift_factor == 0 ? latents : latents - config.shift_factor) * config.scaling_factor;
}

}  // namespace

at::Generator seeded_generator(std::uint64_t seed) {
  return at::detail::createCPUGenerator(seed);
}

at::Tensor initial_latents(const ModelComponents& model, int width, int height, at::Generator& generator) {
  return at::randn({1, model.vae.config.latent_channels, height / model.vae_scale, width / model.vae_scale},
                   generator, at::TensorOptions(at::kFloat));
}

Result<at::Tensor> encode_moments(const ModelComponents& model, const at::Tensor& pixels,
                                  const StopCheck& stop) {
  const ModelInUse encoding = in_use(model);
  const auto moments = models::vae_encode_moments(model.vae, pixels.to(model.device), stop);
  if (!moments.defined()) return Error{ErrorCode::cancelled, "encoding was given up"};
  return moments.to(at::kFloat);
}

at::Tensor sample_latents(const ModelComponents& model, const at::Tensor& moments, at::Generator& generator) {
  const auto parts = moments.chunk(2, 1);
  const auto noise =
      at::randn(parts[0].sizes(), generator, at::TensorOptions(at::kFloat)).to(moments.device());
  return to_unet_space(model, parts[0] + at::exp(0.5 * parts[1]) * noise);
}

Result<at::Tensor> decode_latents(const ModelComponents& model, const at::Tensor& latents,
                                  const StopCheck& stop) {
  const ModelInUse decoding = in_use(model);
  if (!at::isfinite(latents).all().item<bool>()) {
    return Error{ErrorCode::not_finite, "the latents became NaN or infinite"};
  }
  const auto decoded = models::vae_decode(model.vae, to_vae_space(model, latents), stop);
  if (!decoded.defined()) return Error{ErrorCode::cancelled, "decoding was given up"};
  const auto image = decoded.to(at::kCPU, at::kFloat);
  if (!at::isfinite(image).all().item<bool>()) {
    return Error{ErrorCode::not_finite, "the decoded picture holds NaN or infinite values"};
  }
  return image;
}

}  // namespace sdw::pipeline
