#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/result.h"

namespace sdw::models {

// config.json of diffusers' UNet2DConditionModel, one number standing for a list already spread out. Lists
// run over the down blocks, outermost first; up blocks read them backwards.
struct UNetConfig {
  std::int64_t in_channels = 4;
  std::int64_t out_channels = 4;
  std::int64_t sample_size = 0;  // latent height and width the model was trained at; 0 where not given
  bool center_input_sample = false;
  bool flip_sin_to_cos = true;
  double freq_shift = 0;
  std::vector<std::int64_t> block_out_channels{320, 640, 1280, 1280};
  std::vector<bool> down_cross_attention{true, true, true, false};  // CrossAttnDownBlock2D, or DownBlock2D
  std::vector<bool> up_cross_attention{false, true, true, true};    // CrossAttnUpBlock2D, or UpBlock2D
  bool has_mid_block = true;
  bool mid_cross_attention = true;  // UNetMidBlock2DCrossAttn, or UNetMidBlock2D
  std::vector<bool> only_cross_attention{false, false, false, false};
  std::vector<std::int64_t> layers_per_block{2, 2, 2, 2};
  // The field is called attention_head_dim and is the number of heads (diffusers issue 2011).
  std::vector<std::int64_t> num_attention_heads{8, 8, 8, 8};
  std::vector<std::vector<std::int64_t>>
      down_transformer_layers;  // one number for each attention of the block
  std::vector<std::int64_t> mid_transformer_layers;
  std::vector<std::vector<std::int64_t>> up_transformer_layers;  // in the order of the up blocks
  std::vector<std::int64_t> cross_attention_dim{1280, 1280, 1280, 1280};
  std::int64_t norm_num_groups = 32;
  double norm_eps = 1e-5;
  double mid_block_scale_factor = 1;
  std::int64_t downsample_padding = 1;
  std::int64_t conv_in_kernel = 3;
  std::int64_t conv_out_kernel = 3;
  std::int64_t time_embed_dim = 1280;
  std::int64_t time_cond_proj_dim = 0;  // 0: no guidance embedding (LCM)
  bool text_time = false;               // addition_embed_type "text_time" (SDXL)
  std::int64_t addition_time_embed_dim = 0;
  std::int64_t projection_class_embeddings_input_dim = 0;
};

// Error: model_invalid naming the field, also for features that Stable Diffusion 1.5, 2 and XL do not use.
Result<UNetConfig> parse_unet_config(const nlohmann::json& config, const std::string& file);

}  // namespace sdw::models
