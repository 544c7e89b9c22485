#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "support/result.h"
#include "text/bpe.h"

namespace sdw::text {

// What the files of a tokenizer folder say of its BPE model.
struct ClipTokenizerModel {
  Vocabulary vocabulary;
  Merges merges;
  nlohmann::json added_tokens =
      nlohmann::json::array();  // as tokenizer.json has them; empty without that file
};

// Reads tokenizer.json where there is one (as transformers prefers it), else vocab.json and merges.txt.
// Errors: model_not_found, model_invalid; `param` is the file's name.
Result<ClipTokenizerModel> read_clip_tokenizer_model(const std::filesystem::path& folder);

// A JSON object from `folder`, or an empty one where there is no such file. Error: model_invalid.
Result<nlohmann::json> read_optional_object(const std::filesystem::path& folder, const std::string& name);

// Lines "left right" after an optional "#version" line, best merge first. Error: model_invalid, with the
// line.
Result<Merges> parse_merges(std::string_view text);

// A token id out of JSON, or an Error: not an integer, negative or absurdly large.
Result<TokenId> parse_token_id(const nlohmann::json& value, std::string_view token);

}  // namespace sdw::text
