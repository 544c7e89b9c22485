#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/result.h"

namespace sdw::models {

// config.json of diffusers' AutoencoderKL, with its defaults.
struct VaeConfig {
  std::int64_t in_channels = 3;
  std::int64_t out_channels = 3;
  std::vector<std::int64_t> block_out_channels{64};
  std::int64_t layers_per_block = 1;
  std::int64_t latent_channels = 4;
  std::int64_t norm_num_groups = 32;
  std::int64_t sample_size = 32;
  double scaling_factor = 0.18215;
  double shift_factor = 0;           // 0 where not given
  std::vector<double> latents_mean;  // latent_channels numbers, or none
  std::vector<double> latents_std;
  bool force_upcast = true;
  bool use_quant_conv = true;
  bool use_post_quant_conv = true;
  bool mid_block_add_attention = true;

  // Pixels a latent stands for, along each axis: 2^(blocks - 1).
  std::int64_t scale() const { return std::int64_t{1} << (block_out_channels.size() - 1); }
};

// Error: model_invalid naming the field.
Result<VaeConfig> parse_vae_config(const nlohmann::json& config, const std::string& file);

}  // namespace sdw::models
