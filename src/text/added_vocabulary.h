#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "text/added_tokens.h"

namespace sdw::text {

// The added tokens of a tokenizer with the ids they really have, and the two matchers that find them.
struct AddedVocabulary {
  std::unordered_map<std::string, TokenId> ids;    // by content
  std::unordered_map<TokenId, std::string> texts;  // what each decodes to
  AddedTokenMatcher raw;                           // over the text as it came
  AddedTokenMatcher normalized;                    // over normalized text
};

// Registers `tokens` in their order, as `tokenizers` does: a token of the vocabulary keeps its id, another
// gets the next free one whatever its file claims; of a token registered twice the later flags count.
AddedVocabulary register_added_tokens(const std::vector<AddedToken>& tokens, const Vocabulary& vocabulary);

}  // namespace sdw::text
