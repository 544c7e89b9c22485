#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "text/clip_tokenizer.h"
#include "unit/io/temporary_folder.h"

// A tokenizer of CLIP's structure with a dozen merges: 512 byte symbols, the merges' tokens, start, end.
struct TinyTokenizer {
  nlohmann::json vocabulary;
  std::string merges;
};

TinyTokenizer tiny_tokenizer();

// vocab.json and merges.txt of it.
void write_tiny_tokenizer(const TemporaryFolder& folder);

// Loads what is in the folder; throws where that fails.
sdw::text::ClipTokenizer load_tokenizer(const TemporaryFolder& folder);
