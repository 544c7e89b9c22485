#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "support/result.h"

namespace sdw::text {

using TokenId = std::int32_t;
using Vocabulary = std::unordered_map<std::string, TokenId>;      // ids are not negative
using Merges = std::vector<std::pair<std::string, std::string>>;  // the earlier, the sooner applied

// Byte-pair encoding with CLIP's end-of-word suffix (Sennrich et al. 2016, byte-level as in GPT-2).
class Bpe {
 public:
  static constexpr std::string_view kEndOfWord = "</w>";

  // `unknown` stands for a byte that has no token. Error: model_invalid (a merge that names a token not in
  // `vocabulary`).
  static Result<Bpe> create(const Vocabulary& vocabulary, const Merges& merges, TokenId unknown);

  // Appends the tokens of one word, in O(n log n) of its bytes.
  void encode_word(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  struct Merge {
    std::int32_t rank;
    TokenId merged;
  };
  const Merge* find_merge(TokenId left, TokenId right) const;

  std::array<TokenId, 256> byte_{};       // the token of a byte inside a word
  std::array<TokenId, 256> last_byte_{};  // the token of a byte that ends a word
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace sdw::text
