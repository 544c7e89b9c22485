#pragma once

#include <ATen/core/Tensor.h>
#include <vector>

#include "models/clip_text_config.h"
#include "models/weights.h"
#include "ops/linear.h"
#include "ops/norm.h"
#include "ops/precision.h"
#include "support/stop_check.h"

namespace sdw::models {

struct ClipAttention {
  ops::LinearWeight q_proj, k_proj, v_proj, out_proj;
};

struct ClipMlp {
  ops::LinearWeight fc1, fc2;
};

struct ClipEncoderLayer {
  ops::NormWeight layer_norm1;
  ClipAttention self_attn;
  ops::NormWeight layer_norm2;
  ClipMlp mlp;
};

struct ClipTextEncoder {
  ClipTextConfig config;
  ops::Placement where;
  at::Tensor token_embedding;     // [vocab_size, hidden_size], float16 where the file has it so
  at::Tensor position_embedding;  // [max_position_embeddings, hidden_size]
  std::vector<ClipEncoderLayer> layers;
  ops::NormWeight final_layer_norm;
  ops::LinearWeight text_projection;  // no bias; undefined without projection
};

struct ClipTextOutput {
  // num_hidden_layers + 1 tensors [B, T, hidden_size]: the embeddings, then each layer's output; none has
  // been through final_layer_norm. hidden_states[size - 2] is the reference's hidden_states[-2].
  std::vector<at::Tensor> hidden_states;
  at::Tensor last_hidden_state;  // [B, T, hidden_size], after final_layer_norm
  at::Tensor pooled;             // [B, hidden_size]: last_hidden_state at the end-of-text token
  at::Tensor text_embeds;        // [B, projection_dim]; undefined without projection
};

// Reads the weights, with or without the `text_model.` prefix. Problems are left in `weights`: look at
// `weights.status()` before the result is used.
ClipTextEncoder load_clip_text(WeightMap& weights, const ClipTextConfig& config, const ops::Placement& where);

// `ids` [B, T] int64, T <= max_position_embeddings, each in [0, vocab_size).
// Reference: transformers CLIPTextModel; Radford et al. 2021, arXiv:2103.00020. `stop` is asked
// before each layer; all is undefined or empty if it said so.
ClipTextOutput clip_text_forward(const ClipTextEncoder& encoder, const at::Tensor& ids,
                                 const StopCheck& stop = {});

// final_layer_norm over one of the hidden states [B, T, hidden_size]: what clip skip asks for.
at::Tensor clip_text_final_layer_norm(const ClipTextEncoder& encoder, const at::Tensor& hidden_state);

}  // namespace sdw::models
