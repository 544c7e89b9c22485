#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/result.h"
#include "text/added_tokens.h"

namespace sdw::text {

// The settings of a tokenizer folder beside its BPE model.
struct ClipTokenizerSettings {
  std::string start = "<|startoftext|>";
  std::string end = "<|endoftext|>";
  std::string unknown = "<|endoftext|>";
  std::string pad = "<|endoftext|>";
  std::size_t max_length = 77;
  // Tokens to look for in the text, in the order of their registration; `id` is what a file claims, -1 if
  // none does.
  std::vector<AddedToken> added;
};

// The four settings sources, as parsed JSON.
struct ClipTokenizerSettingsSources {
  nlohmann::json config;              // tokenizer_config.json
  nlohmann::json special_tokens_map;  // special_tokens_map.json
  nlohmann::json legacy_added;        // added_tokens.json
  nlohmann::json model_added;         // "added_tokens" of tokenizer.json
};

// Combines them with transformers' precedence: `added_tokens_decoder` of the config, where present, silences
// the three others. Error: model_invalid.
Result<ClipTokenizerSettings> combine_settings(const ClipTokenizerSettingsSources& sources);

}  // namespace sdw::text
