#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <cstdint>

#include "pipeline/model_components.h"
#include "support/result.h"
#include "support/stop_check.h"

namespace sdw::pipeline {

// torch's CPU MT19937 seeded as `torch.Generator("cpu").manual_seed(seed)`, for any device.
at::Generator seeded_generator(std::uint64_t seed);

// Standard normal noise [1, latent_channels, height / scale, width / scale], float32, drawn on the CPU.
at::Tensor initial_latents(const ModelComponents& model, int width, int height, at::Generator& generator);

// Mean and log-variance of the VAE's posterior for `pixels` [1, 3, H, W] in [-1, 1], float32.
// Error: cancelled if `stop` said so.
Result<at::Tensor> encode_moments(const ModelComponents& model, const at::Tensor& pixels,
                                  const StopCheck& stop = {});

// One draw from that posterior, in the UNet's scale: [1, latent_channels, h, w] float32.
at::Tensor sample_latents(const ModelComponents& model, const at::Tensor& moments, at::Generator& generator);

// Latents of the end state -> picture values about [-1, 1], [1, 3, H, W] float32 on the CPU.
// Errors: not_finite; cancelled if `stop` said so.
Result<at::Tensor> decode_latents(const ModelComponents& model, const at::Tensor& latents,
                                  const StopCheck& stop = {});

}  // namespace sdw::pipeline
