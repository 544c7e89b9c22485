#include "pipeline/text_embeddings.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <string>

namespace sdw::pipeline {
namespace {

struct Encoded {
  at::Tensor states;  // [1, 77, hidden_size]
  at::Tensor pooled;  // [1, projection_dim] or undefined
  std::string cut;
};

at::Tensor as_batch(const std::vector<std::int64_t>& ids, at::Device device) {
  return at::tensor(ids, at::kLong).unsqueeze(0).to(device);
}

// Stable Diffusion 1 and 2 condition on the last layer after the final norm; XL on the penultimate before it.
// Undefined states: `stop` said so.
Encoded encode(const ModelComponents& model, const text::ClipTokenizer& tokenizer,
               const models::ClipTextEncoder& encoder, std::string_view prompt, int clip_skip,
               const StopCheck& stop) {
  const auto tokens = tokenizer.encode(prompt);
  const auto output = models::clip_text_forward(encoder, as_batch(tokens.ids, model.device), stop);
  if (!output.last_hidden_state.defined()) return {};
  const auto from_end = [&](int n) { return output.hidden_states.at(output.hidden_states.size() - n); };
  if (model.family == ModelFamily::sdxl)
    return {from_end(clip_skip + 2), output.text_embeds, tokens.truncated};
  if (clip_skip == 0) return {output.last_hidden_state, {}, tokens.truncated};
  return {models::clip_text_final_layer_norm(encoder, from_end(clip_skip + 1)), {}, tokens.truncated};
}

void warn_of_cut(const ModelComponents& model, const char* which, const EncodedPrompt& encoded,
                 std::vector<std::string>& warnings) {
  if (encoded.cut.empty()) return;
  warnings.push_back(fmt::format("the {} is longer than {} tokens; this part was cut: {}", which,
                                 model.tokenizer.max_length() - 2, encoded.cut));
}

}  // namespace

Result<EncodedPrompt> encode_prompt(const ModelComponents& model, std::string_view prompt, int clip_skip,
                                    const StopCheck& stop) {
  const ModelInUse encoding = in_use(model);
  const Error given_up{ErrorCode::cancelled, "encoding the prompt was given up"};
  EncodedPrompt result;
  const auto first = encode(model, model.tokenizer, model.text_encoder, prompt, clip_skip, stop);
  if (!first.states.defined()) return given_up;
  result.states = first.states;
  result.pooled = first.pooled;
  result.cut = first.cut;
  if (!model.text_encoder_2) return result;
  const auto second = encode(model, *model.tokenizer_2, *model.text_encoder_2, prompt, clip_skip, stop);
  if (!second.states.defined()) return given_up;
  result.states = at::cat({first.states, second.states}, -1);
  result.pooled = second.pooled;
  return result;
}

Result<TextEmbeddings> text_embeddings(const ModelComponents& model, std::string_view prompt,
                                       std::optional<std::string_view> negative_prompt, bool guided,
                                       int clip_skip, const StopCheck& stop) {
  const PromptEncoder encode_one = [&](std::string_view text, int skip) {
    return encode_prompt(model, text, skip, stop);
  };
  return text_embeddings(model, prompt, negative_prompt, guided, clip_skip, encode_one);
}

Result<TextEmbeddings> text_embeddings(const ModelComponents& model, std::string_view prompt,
                                       std::optional<std::string_view> negative_prompt, bool guided,
                                       int clip_skip, const PromptEncoder& encode_one) {
  TextEmbeddings result;
  const auto positive = encode_one(prompt, clip_skip);
  if (!positive) return positive.error();
  warn_of_cut(model, "prompt", *positive, result.warnings);
  result.prompt = positive->states;
  result.pooled = positive->pooled;
  if (!guided) return result;
  if (!negative_prompt && model.force_zeros_for_empty_prompt) {
    result.negative = at::zeros_like(result.prompt);
    if (result.pooled.defined()) result.negative_pooled = at::zeros_like(result.pooled);
    return result;
  }
  const auto negative = encode_one(negative_prompt.value_or(""), 0);
  if (!negative) return negative.error();
  warn_of_cut(model, "negative prompt", *negative, result.warnings);
  result.negative = negative->states;
  result.negative_pooled = negative->pooled;
  return result;
}

}  // namespace sdw::pipeline
