#include "text/bpe.h"

#include <optional>
#include <queue>
#include <tuple>

#include "io/printable.h"
#include "text/byte_alphabet.h"

namespace sdw::text {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// The symbols of a word as a doubly linked list in one array; a symbol merged into its left neighbour is
// dead.
struct Symbol {
  TokenId id;
  std::size_t previous, next;
  bool alive = true;
};

struct Candidate {
  std::int32_t rank;
  std::size_t left;
  TokenId merged;
  bool operator>(const Candidate& other) const {
    return std::tie(rank, left) > std::tie(other.rank, other.left);
  }
};

std::uint64_t pair_key(TokenId left, TokenId right) {
  return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
         static_cast<std::uint32_t>(right);
}

std::optional<TokenId> find_token(const Vocabulary& vocabulary, const std::string& token) {
  const auto found = vocabulary.find(token);
  return found == vocabulary.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Result<Bpe> Bpe::create(const Vocabulary& vocabulary, const Merges& merges, TokenId unknown) {
  Bpe bpe;
  for (std::size_t byte = 0; byte < bpe.byte_.size(); ++byte) {
    const std::string symbol = byte_to_symbol(static_cast<unsigned char>(byte));
    bpe.byte_[byte] = find_token(vocabulary, symbol).value_or(unknown);
    bpe.last_byte_[byte] = find_token(vocabulary, symbol + std::string(kEndOfWord)).value_or(unknown);
  }
  bpe.merges_.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    const std::string merged = left + right;
    for (const std::string* token : {&left, &right, &merged}) {
      if (!vocabulary.contains(*token)) {
        return Error{ErrorCode::model_invalid, "merge " + std::to_string(rank + 1) + " needs the token " +
                                                   io::printable(*token) + ", which the vocabulary lacks"};
      }
    }
    bpe.merges_[pair_key(vocabulary.at(left), vocabulary.at(right))] =
        Merge{static_cast<std::int32_t>(rank), vocabulary.at(merged)};
  }
  return bpe;
}

const Bpe::Merge* Bpe::find_merge(TokenId left, TokenId right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::encode_word(std::string_view word, std::vector<std::int64_t>& ids) const {
  std::vector<Symbol> symbols;
  symbols.reserve(word.size());
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto byte = static_cast<unsigned char>(word[i]);
    const bool last = i + 1 == word.size();
    symbols.push_back({last ? last_byte_[byte] : byte_[byte], i == 0 ? kNone : i - 1, last ? kNone : i + 1});
  }

  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto propose = [&](std::size_t left) {
    if (left == kNone || symbols[left].next == kNone) return;
    if (const Merge* merge = find_merge(symbols[left].id, symbols[symbols[left].next].id)) {
      candidates.push({merge->rank, left, merge->merged});
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) propose(i);

  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.left];
    if (!left.alive || left.next == kNone) continue;
    Symbol& right = symbols[left.next];
    // The pair may have changed since it was proposed.
    const Merge* merge = find_merge(left.id, right.id);
    if (merge == nullptr || merge->merged != best.merged) continue;
    left.id = merge->merged;
    right.alive = false;
    left.next = right.next;
    if (left.next != kNone) symbols[left.next].previous = best.left;
    propose(left.previous);
    propose(best.left);
  }
  for (const Symbol& symbol : symbols) {
    if (symbol.alive) ids.push_back(symbol.id);
  }
}

}  // namespace sdw::text
