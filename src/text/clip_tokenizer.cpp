#include "text/clip_tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include "io/printable.h"
#include "text/added_vocabulary.h"
#include "text/bpe.h"
#include "text/byte_alphabet.h"
#include "text/clip_normalizer.h"
#include "text/clip_pre_tokenizer.h"
#include "text/clip_tokenizer_files.h"
#include "text/clip_tokenizer_settings.h"
#include "text/clip_vocabulary.h"
#include "text/unicode.h"

namespace sdw::text {

struct ClipTokenizer::Tables {
  Bpe bpe;
  AddedVocabulary added;
  std::unordered_map<std::int64_t, std::string> tokens;  // by id
  std::int64_t start, end, pad;
  std::size_t max_length;
  std::size_t vocab_size;
};

namespace {

Result<ClipTokenizerSettings> read_settings(const std::filesystem::path& folder, nlohmann::json model_added) {
  ClipTokenizerSettingsSources sources;
  sources.model_added = std::move(model_added);
  struct Source {
    const char* name;
    nlohmann::json& value;
  };
  for (const Source& source : {Source{"tokenizer_config.json", sources.config},
                               Source{"special_tokens_map.json", sources.special_tokens_map},
                               Source{"added_tokens.json", sources.legacy_added}}) {
    auto object = read_optional_object(folder, source.name);
    if (!object) return object.error();
    source.value = std::move(*object);
  }
  return combine_settings(sources);
}

// A token that the model has rows for: one of the vocabulary, or one that a file declares with its id.
Result<std::int64_t> find_id(const char* role, const std::string& token, const Vocabulary& vocabulary,
                             const ClipTokenizerSettings& settings, const AddedVocabulary& added) {
  const bool declared = std::any_of(settings.added.begin(), settings.added.end(),
                                    [&](const AddedToken& t) { return t.content == token && t.id >= 0; });
  if (!vocabulary.contains(token) && !declared) {
    return Error{ErrorCode::model_invalid,
                 std::string("the ") + role + " token " + io::printable(token) + " is not in the vocabulary"};
  }
  return added.ids.at(token);
}

// As Python's `str.strip`, which counts the four ASCII separators as white space.
bool is_stripped(char32_t c) {
  return (c >= 0x1C && c <= 0x1F) || char_class(c) == CharClass::space;
}

std::string strip(std::string_view text) {
  std::size_t start = 0;
  for (std::size_t next = 0; next < text.size() && is_stripped(next_code_point(text, next));) start = next;
  std::size_t end = text.size();
  for (std::size_t previous = end; previous > start && is_stripped(previous_code_point(text, previous));) {
    end = previous;
  }
  return std::string(text.substr(start, end - start));
}

std::string replace_all(std::string_view text, std::string_view what, std::string_view with) {
  std::string out;
  for (std::size_t found; (found = text.find(what)) != std::string_view::npos;
       text.remove_prefix(found + what.size())) {
    out.append(text.substr(0, found)).append(with);
  }
  return out.append(text);
}

}  // namespace

Result<ClipTokenizer> ClipTokenizer::load(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return Error{ErrorCode::model_not_found,
                 "there is no tokenizer folder " + io::printable(folder.filename().string())};
  }
  auto model = read_clip_tokenizer_model(folder);
  if (!model) return model.error();
  const auto settings = read_settings(folder, std::move(model->added_tokens));
  if (!settings) return settings.error();
  return create(*model, *settings);
}

ClipTokenizer ClipTokenizer::published(const std::string& pad_token) {
  ClipTokenizerSettingsSources sources;
  const auto word = [](const char* content) {
    return nlohmann::json{{"content", content}, {"normalized", true}, {"special", true}};
  };
  sources.config = {{"bos_token", word("<|startoftext|>")},
                    {"eos_token", word("<|endoftext|>")},
                    {"unk_token", word("<|endoftext|>")},
                    {"pad_token", pad_token}};
  return value_or_throw(create(clip_vocabulary(), value_or_throw(combine_settings(sources))));
}

Result<ClipTokenizer> ClipTokenizer::create(const ClipTokenizerModel& model,
                                            const ClipTokenizerSettings& settings) {
  const Vocabulary& vocabulary = model.vocabulary;
  AddedVocabulary added = register_added_tokens(settings.added, vocabulary);

  const auto unknown = vocabulary.find(settings.unknown);
  if (unknown == vocabulary.end()) {
    return Error{ErrorCode::model_invalid,
                 "the unk token " + io::printable(settings.unknown) + " is not in the vocabulary"};
  }
  auto bpe = Bpe::create(vocabulary, model.merges, unknown->second);
  if (!bpe) return bpe.error();
  const auto start = find_id("bos", settings.start, vocabulary, settings, added);
  if (!start) return start.error();
  const auto end = find_id("eos", settings.end, vocabulary, settings, added);
  if (!end) return end.error();
  const auto pad = find_id("pad", settings.pad, vocabulary, settings, added);
  if (!pad) return pad.error();

  std::unordered_map<std::int64_t, std::string> tokens;
  for (const auto& [token, id] : vocabulary) tokens.emplace(id, token);
  for (const auto& [id, token] : added.texts) tokens[id] = token;
  std::int64_t largest = 0;
  for (const auto& [id, token] : tokens) largest = std::max(largest, id);
  ClipTokenizer tokenizer;
  tokenizer.tables_ = std::make_shared<const Tables>(
      Tables{std::move(*bpe), std::move(added), std::move(tokens), *start, *end, *pad, settings.max_length,
             static_cast<std::size_t>(largest) + 1});
  return tokenizer;
}

TokenizedPrompt ClipTokenizer::encode(std::string_view text) const {
  std::vector<std::int64_t> tokens = tokenize(text);
  TokenizedPrompt prompt;
  const std::size_t room = max_length() - 2;
  if (tokens.size() > room) {
    prompt.truncated = decode({tokens.begin() + static_cast<std::ptrdiff_t>(room), tokens.end()});
    tokens.resize(room);
  }
  prompt.ids.reserve(max_length());
  prompt.ids.push_back(start_id());
  prompt.ids.insert(prompt.ids.end(), tokens.begin(), tokens.end());
  prompt.ids.push_back(end_id());
  prompt.ids.resize(max_length(), pad_id());
  return prompt;
}

std::vector<std::int64_t> ClipTokenizer::tokenize(std::string_view text) const {
  std::vector<std::int64_t> ids;
  const std::string clean = replace_invalid_utf8(text);
  for (const TextPart& part : tables_->added.raw.split(clean)) {
    if (part.id >= 0) {
      ids.push_back(part.id);
      continue;
    }
    const std::string normalized = normalize_for_clip(part.text);
    for (const TextPart& inner : tables_->added.normalized.split(normalized)) {
      if (inner.id >= 0) {
        ids.push_back(inner.id);
        continue;
      }
      for (const std::string_view word : split_for_clip(inner.text)) tables_->bpe.encode_word(word, ids);
    }
  }
  return ids;
}

std::string ClipTokenizer::decode(const std::vector<std::int64_t>& ids) const {
  std::string bytes;
  for (const std::int64_t id : ids) {
    if (const auto found = tables_->tokens.find(id); found != tables_->tokens.end()) {
      bytes += token_to_bytes(found->second);
    }
  }
  return strip(replace_all(replace_invalid_utf8(bytes), Bpe::kEndOfWord, " "));
}

std::size_t ClipTokenizer::max_length() const {
  return tables_->max_length;
}
std::size_t ClipTokenizer::vocab_size() const {
  return tables_->vocab_size;
}
std::int64_t ClipTokenizer::start_id() const {
  return tables_->start;
}
std::int64_t ClipTokenizer::end_id() const {
  return tables_->end;
}
std::int64_t ClipTokenizer::pad_id() const {
  return tables_->pad;
}

}  // namespace sdw::text
