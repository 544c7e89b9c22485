#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string>

#include "models/weights.h"
#include "ops/linear.h"

namespace sdw::models {

struct TimestepEmbedding {
  ops::LinearWeight linear_1, linear_2;
  ops::LinearWeight cond_proj;  // no bias; undefined without a guidance embedding
};

// `cond_proj_channels` 0: without cond_proj.
TimestepEmbedding load_timestep_embedding(WeightMap& weights, const std::string& prefix,
                                          std::int64_t in_channels, std::int64_t out_channels,
                                          std::int64_t cond_proj_channels, const ops::Placement& where);

// linear_2(silu(linear_1(input))): [B, in_channels] -> [B, out_channels].
at::Tensor timestep_embedding_forward(const TimestepEmbedding& embedding, const at::Tensor& input);

// Sinusoids of `timesteps` [N] at `channels` / 2 frequencies from 1 down to 1/10000, [N, channels] in
// float32: sines then cosines, or the other way round where `flip_sin_to_cos`. Ho et al. 2020,
// arXiv:2006.11239.
at::Tensor sinusoidal_embedding(const at::Tensor& timesteps, std::int64_t channels, bool flip_sin_to_cos,
                                double freq_shift);

}  // namespace sdw::models
