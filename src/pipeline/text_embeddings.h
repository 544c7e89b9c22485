#pragma once

#include <ATen/core/Tensor.h>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/model_components.h"
#include "support/result.h"
#include "support/stop_check.h"

namespace sdw::pipeline {

// A prompt (and, with guidance, its negative) as the UNet is conditioned on it.
struct TextEmbeddings {
  at::Tensor prompt;                  // [1, 77, D]
  at::Tensor negative;                // [1, 77, D]; undefined without guidance
  at::Tensor pooled;                  // [1, P], SDXL; else undefined
  at::Tensor negative_pooled;         // [1, P], SDXL with guidance
  std::vector<std::string> warnings;  // what was cut from a prompt that is too long
};

// One prompt as the text encoders see it.
struct EncodedPrompt {
  at::Tensor states;  // [1, 77, D]
  at::Tensor pooled;  // [1, P], SDXL; else undefined
  std::string cut{};  // what did not fit into the text encoder
};

// Depends on nothing but the model and the arguments: a caller may keep the result. Error: cancelled if
// `stop` said so.
Result<EncodedPrompt> encode_prompt(const ModelComponents& model, std::string_view prompt, int clip_skip,
                                    const StopCheck& stop = {});

using PromptEncoder = std::function<Result<EncodedPrompt>(std::string_view prompt, int clip_skip)>;

// `clip_skip`: layers left out before the one the model uses by itself (0: none).
// `negative_prompt` is looked at only where `guided`; nullopt is the model's own unconditional state.
// Reference: diffusers' `encode_prompt` (clip skip never applies to the negative prompt there). Error:
// cancelled.
Result<TextEmbeddings> text_embeddings(const ModelComponents& model, std::string_view prompt,
                                       std::optional<std::string_view> negative_prompt, bool guided,
                                       int clip_skip, const StopCheck& stop = {});
// The same with the caller's encode_prompt(), and its errors.
Result<TextEmbeddings> text_embeddings(const ModelComponents& model, std::string_view prompt,
                                       std::optional<std::string_view> negative_prompt, bool guided,
                                       int clip_skip, const PromptEncoder& encode_one);

}  // namespace sdw::pipeline
