#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "text/bpe.h"

namespace sdw::text {

// A token that is found in the text as it stands, before BPE (the fields of `tokenizers.AddedToken`).
struct AddedToken {
  std::string content;
  bool single_word = false;  // only where no word character touches it
  bool lstrip = false;       // swallows the white space before it
  bool rstrip = false;       // and after it
  bool normalized = false;   // looked for in the normalized text, itself normalized, instead of the raw text
  bool special = true;
  TokenId id = 0;
};

// Either an added token (id not negative) or a stretch of text between them.
struct TextPart {
  std::string_view text;
  TokenId id = -1;
};

// Finds added tokens in a text: leftmost first, the longest where several begin at one place.
class AddedTokenMatcher {
 public:
  // `patterns[i]` is what is looked for on behalf of `tokens[i]`; of equal patterns the first wins.
  AddedTokenMatcher(std::vector<AddedToken> tokens, std::vector<std::string> patterns);

  // Parts that cover `text`, which is valid UTF-8. White space that a token swallows belongs to the token.
  std::vector<TextPart> split(std::string_view text) const;

 private:
  // The pattern that matches at the start of `text`, as an index; kNoMatch if none does.
  static constexpr std::size_t kNoMatch = static_cast<std::size_t>(-1);
  std::size_t match_at_start(std::string_view text) const;

  std::vector<AddedToken> tokens_;
  std::vector<std::string> patterns_;
  std::array<std::vector<std::size_t>, 256> by_first_byte_;  // longest first
};

}  // namespace sdw::text
