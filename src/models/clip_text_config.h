#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "ops/activation.h"
#include "support/result.h"

namespace sdw::models {

// config.json of CLIPTextModel and CLIPTextModelWithProjection (transformers), with its defaults.
struct ClipTextConfig {
  std::int64_t vocab_size = 49408;
  std::int64_t hidden_size = 512;
  std::int64_t intermediate_size = 2048;
  std::int64_t num_hidden_layers = 12;
  std::int64_t num_attention_heads = 8;
  std::int64_t max_position_embeddings = 77;
  std::int64_t projection_dim = 512;
  std::int64_t eos_token_id = 49407;
  double layer_norm_eps = 1e-5;
  ops::Activation hidden_act = ops::Activation::quick_gelu;
  bool with_projection = false;  // "architectures" names CLIPTextModelWithProjection
};

// Error: model_invalid. `file` names the config in messages ("text_encoder/config.json").
Result<ClipTextConfig> parse_clip_text_config(const nlohmann::json& config, const std::string& file);

}  // namespace sdw::models
