#pragma once

#include "text/clip_tokenizer_files.h"

namespace sdw::text {

// The vocabulary of OpenAI's CLIP, 49,408 tokens, which all published Stable Diffusion models have. It is
// kept in the program, because single-file checkpoints bring no tokenizer.
ClipTokenizerModel clip_vocabulary();

}  // namespace sdw::text
