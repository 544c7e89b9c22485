#pragma once

#include "models/clip_text_config.h"
#include "pipeline/model_files.h"
#include "support/result.h"
#include "text/clip_tokenizer.h"

namespace sdw::pipeline {

// The tokenizer `name` ("tokenizer", "tokenizer_2") of a model, for the text encoder that takes its tokens.
// Errors: model_not_found, model_invalid; also where it makes tokens that the encoder does not know.
Result<text::ClipTokenizer> load_tokenizer(const ModelFiles& files, const char* name,
                                           const models::ClipTextConfig& encoder);

}  // namespace sdw::pipeline
