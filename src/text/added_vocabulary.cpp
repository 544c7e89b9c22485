#include "text/added_vocabulary.h"

#include <algorithm>

#include "text/clip_normalizer.h"

namespace sdw::text {
namespace {

// What is looked for, and also what the token decodes to.
std::string pattern_of(const AddedToken& token) {
  return token.normalized ? normalize_for_clip(token.content) : token.content;
}

AddedTokenMatcher make_matcher(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> wanted;
  std::vector<std::string> patterns;
  for (const AddedToken& token : tokens) {
    if (token.normalized != normalized) continue;
    wanted.push_back(token);
    patterns.push_back(pattern_of(token));
  }
  return {std::move(wanted), std::move(patterns)};
}

}  // namespace

AddedVocabulary register_added_tokens(const std::vector<AddedToken>& tokens, const Vocabulary& vocabulary) {
  std::vector<AddedToken> registered;
  std::unordered_map<std::string, std::size_t> places;  // in `registered`, by content
  std::unordered_map<std::string, TokenId> ids;
  auto next_id = static_cast<TokenId>(vocabulary.size());
  for (const AddedToken& token : tokens) {
    const auto [place, is_new] = places.try_emplace(token.content, registered.size());
    if (is_new) {
      const auto known = vocabulary.find(token.content);
      const TokenId id = known != vocabulary.end() ? known->second : next_id;
      next_id = std::max(next_id, id + 1);
      ids[token.content] = id;
      registered.emplace_back();
    }
    registered[place->second] = token;
    registered[place->second].id = ids[token.content];
  }
  std::unordered_map<TokenId, std::string> texts;
  for (const AddedToken& token : registered) texts[token.id] = pattern_of(token);
  return {std::move(ids), std::move(texts), make_matcher(registered, false), make_matcher(registered, true)};
}

}  // namespace sdw::text
