#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::text {

struct ClipTokenizerModel;
struct ClipTokenizerSettings;

// What one prompt became. `ids` always has the model's length (77): start, tokens, end, padding.
struct TokenizedPrompt {
  std::vector<std::int64_t> ids;
  std::string
      truncated;  // the text that did not fit, decoded from the tokens that were cut; empty if all fit
};

// CLIP's byte-level BPE (transformers' CLIPTokenizer). Immutable after loading; cheap to copy (shared
// tables).
class ClipTokenizer {
 public:
  // Reads vocab.json and merges.txt, or tokenizer.json, plus tokenizer_config.json / special_tokens_map.json
  // from a tokenizer folder. Errors: model_not_found, model_invalid.
  static Result<ClipTokenizer> load(const std::filesystem::path& folder);
  // The tokenizer of the published models, which needs no files. They differ in the token behind short
  // prompts:
  // "<|endoftext|>" for OpenAI's text encoders, "!" for OpenCLIP's.
  static ClipTokenizer published(const std::string& pad_token);

  // As `tokenizer(text, padding="max_length", max_length=model_max_length, truncation=True)`.
  TokenizedPrompt encode(std::string_view text) const;
  // Token ids of the text alone: no start, end or padding, never cut. Bytes that are not UTF-8 count as
  // U+FFFD.
  std::vector<std::int64_t> tokenize(std::string_view text) const;
  // The tokens' text, words apart by spaces, stripped; ids without a token are skipped, bad UTF-8 becomes
  // U+FFFD.
  std::string decode(const std::vector<std::int64_t>& ids) const;

  std::size_t max_length() const;  // 77
  std::size_t vocab_size() const;  // one more than the largest id, so the rows that a text encoder must have
  std::int64_t start_id() const;
  std::int64_t end_id() const;
  std::int64_t pad_id() const;

 private:
  static Result<ClipTokenizer> create(const ClipTokenizerModel& model, const ClipTokenizerSettings& settings);

  struct Tables;
  std::shared_ptr<const Tables> tables_;
};

}  // namespace sdw::text
