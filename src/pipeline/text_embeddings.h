#pragma once

#include <ATen/core/Tensor.h>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/model_components.h"
#include "support/result.h"

namespace sdw::pipeline {

// A prompt (and, with guidance, its negative) as the UNet is conditioned on it.
struct TextEmbeddings {
  at::Tensor prompt;                  // [1, 77, D]
  at::Tensor negative;                // [1, 77, D]; undefined without guidance
  at::Tensor pooled;                  // [1, P], SDXL; else undefined
  at::Tensor negative_pooled;         // [1, P], SDXL with guidance
  std::vector<std::string> warnings;  // what was cut from a prompt that is too long
};

// `clip_skip`: layers left out before the one the model uses by itself (0: none).
// `negative_prompt` is looked at only where `guided`; nullopt is the model's own unconditional state.
// Reference: diffusers' `encode_prompt` (clip skip never applies to the negative prompt there).
TextEmbeddings text_embeddings(const ModelComponents& model, std::string_view prompt,
                               std::optional<std::string_view> negative_prompt, bool guided, int clip_skip);

}  // namespace sdw::pipeline
