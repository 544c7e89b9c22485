#include "models/timestep_embedding.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <array>
#include <cmath>

#include "models/layers.h"
#include "ops/activation.h"
#include "ops/shape_check.h"

namespace sdw::models {

TimestepEmbedding load_timestep_embedding(WeightMap& weights, const std::string& prefix,
                                          std::int64_t in_channels, std::int64_t out_channels,
                                          std::int64_t cond_proj_channels, const ops::Placement& where) {
  TimestepEmbedding out;
  const auto kept = ops::at_least_16_bits(where);
  out.linear_1 = load_linear(weights, prefix + ".linear_1", in_channels, out_channels, Bias::present, kept);
  out.linear_2 = load_linear(weights, prefix + ".linear_2", out_channels, out_channels, Bias::present, kept);
  if (cond_proj_channels > 0) {
    out.cond_proj =
        load_linear(weights, prefix + ".cond_proj", cond_proj_channels, in_channels, Bias::none, kept);
  }
  return out;
}

at::Tensor timestep_embedding_forward(const TimestepEmbedding& embedding, const at::Tensor& input) {
  const at::Tensor inner = ops::activate(ops::linear(input, embedding.linear_1), ops::Activation::silu);
  return ops::linear(inner, embedding.linear_2);
}

at::Tensor sinusoidal_embedding(const at::Tensor& timesteps, std::int64_t channels, bool flip_sin_to_cos,
                                double freq_shift) {
  ops::require_shape(timesteps.defined() && timesteps.dim() == 1, "sinusoidal_embedding", "timesteps", "[N]",
                     timesteps);
  const std::int64_t half = channels / 2;
  const at::Tensor exponent = at::arange(0, half, timesteps.options().dtype(at::kFloat))
                                  .mul_(-std::log(10000.0))
                                  .div_(static_cast<double>(half) - freq_shift);
  const at::Tensor angles = timesteps.to(at::kFloat).unsqueeze(1).mul(exponent.exp().unsqueeze(0));
  at::Tensor out =
      flip_sin_to_cos ? at::cat({angles.cos(), angles.sin()}, 1) : at::cat({angles.sin(), angles.cos()}, 1);
  if (channels % 2 == 1) out = at::constant_pad_nd(out, std::array<std::int64_t, 2>{0, 1});
  return out;
}

}  // namespace sdw::models
