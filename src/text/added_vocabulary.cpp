#include "text/added_vocabulary.h"

#include <algorithm>
#include <unordered_set>

#include "text/clip_normalizer.h"

namespace sdw::text {
namespace {

TokenId next_free_id(const std::unordered_map<std::string, TokenId>& added, const Vocabulary& vocabulary) {
  auto next = static_cast<TokenId>(vocabulary.size());
  for (const auto& [content, id] : added) next = std::max(next, id + 1);
  return next;
}

AddedTokenMatcher make_matcher(const std::vector<AddedToken>& tokens, bool normalized,
                               const std::unordered_map<std::string, AddedToken>& latest) {
  std::vector<AddedToken> wanted;
  std::vector<std::string> patterns;
  for (const AddedToken& token : tokens) {
    if (token.normalized != normalized) continue;
    wanted.push_back(latest.at(token.content));
    patterns.push_back(normalized ? normalize_for_clip(token.content) : token.content);
  }
  return {std::move(wanted), std::move(patterns)};
}

}  // namespace

AddedVocabulary register_added_tokens(const std::vector<AddedToken>& tokens, const Vocabulary& vocabulary) {
  std::unordered_map<std::string, TokenId> ids;
  std::unordered_map<std::string, AddedToken> latest;
  std::vector<AddedToken> special, plain;
  std::unordered_set<std::string> special_contents;
  for (const AddedToken& token : tokens)
    if (token.special && special_contents.insert(token.content).second) special.push_back(token);
  for (AddedToken token : tokens) {
    const auto known = vocabulary.find(token.content);
    if (!ids.contains(token.content))
      ids[token.content] = known != vocabulary.end() ? known->second : next_free_id(ids, vocabulary);
    token.id = ids[token.content];
    if (!special_contents.contains(token.content)) plain.push_back(token);
    latest[token.content] = token;
  }
  special.insert(special.end(), plain.begin(), plain.end());
  return {std::move(ids), make_matcher(special, false, latest), make_matcher(special, true, latest)};
}

}  // namespace sdw::text
