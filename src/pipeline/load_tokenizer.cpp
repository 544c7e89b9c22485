#include "pipeline/load_tokenizer.h"

#include <fmt/format.h>

#include "models/model_file.h"

namespace sdw::pipeline {
namespace {

// The tokenizer reads its folder by itself: that its files are regular ones of this model is seen to here.
Status check_tokenizer_files(const std::filesystem::path& root, const char* name) {
  for (const char* file : {"vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json",
                           "special_tokens_map.json", "added_tokens.json"}) {
    const auto relative = std::filesystem::path(name) / file;
    std::error_code ignored;
    if (!std::filesystem::exists(std::filesystem::symlink_status(root / relative, ignored))) continue;
    if (auto path = models::model_file(root, relative); !path) return path.error();
  }
  return ok_status();
}

// Their large tables are made once in a process.
text::ClipTokenizer published_tokenizer(const models::ClipTextConfig& encoder) {
  if (encoder.hidden_act == ops::Activation::gelu) {
    static const auto kOpenClip = text::ClipTokenizer::published("!");
    return kOpenClip;
  }
  static const auto kOpenAi = text::ClipTokenizer::published("<|endoftext|>");
  return kOpenAi;
}

Result<text::ClipTokenizer> read_tokenizer(const std::filesystem::path& root, const char* name,
                                           const models::ClipTextConfig& encoder) {
  if (root.empty()) return published_tokenizer(encoder);
  if (auto status = check_tokenizer_files(root, name); !status) return status.error();
  return text::ClipTokenizer::load(root / name);
}

}  // namespace

Result<text::ClipTokenizer> load_tokenizer(const ModelFiles& files, const char* name,
                                           const models::ClipTextConfig& encoder) {
  auto tokenizer = read_tokenizer(files.tokenizers, name, encoder);
  if (!tokenizer) return tokenizer;
  const auto positions = static_cast<std::size_t>(encoder.max_position_embeddings);
  if (tokenizer->max_length() > positions) {
    return Error{ErrorCode::model_invalid,
                 fmt::format("{} makes {} tokens, its text encoder takes {}", name, tokenizer->max_length(),
                             positions),
                 name};
  }
  if (tokenizer->vocab_size() > static_cast<std::size_t>(encoder.vocab_size)) {
    return Error{ErrorCode::model_invalid,
                 fmt::format("{} knows {} tokens, its text encoder {}", name, tokenizer->vocab_size(),
                             encoder.vocab_size),
                 name};
  }
  return tokenizer;
}

}  // namespace sdw::pipeline
