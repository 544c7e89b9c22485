#include "text/added_tokens.h"

#include <algorithm>

#include "text/unicode.h"

namespace sdw::text {
namespace {

bool ends_with_word_char(std::string_view text) {
  std::size_t position = text.size();
  return !text.empty() && is_word_char(previous_code_point(text, position));
}

bool starts_with_word_char(std::string_view text) {
  std::size_t position = 0;
  return !text.empty() && is_word_char(next_code_point(text, position));
}

std::size_t skip_space_backwards(std::string_view text, std::size_t position) {
  while (position > 0) {
    std::size_t previous = position;
    if (char_class(previous_code_point(text, previous)) != CharClass::space) break;
    position = previous;
  }
  return position;
}

std::size_t skip_space(std::string_view text, std::size_t position) {
  while (position < text.size()) {
    std::size_t next = position;
    if (char_class(next_code_point(text, next)) != CharClass::space) break;
    position = next;
  }
  return position;
}

}  // namespace

AddedTokenMatcher::AddedTokenMatcher(std::vector<AddedToken> tokens, std::vector<std::string> patterns)
    : tokens_(std::move(tokens)), patterns_(std::move(patterns)) {
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    if (!patterns_[i].empty()) by_first_byte_[static_cast<unsigned char>(patterns_[i][0])].push_back(i);
  }
  for (auto& bucket : by_first_byte_) {
    std::stable_sort(bucket.begin(), bucket.end(), [this](std::size_t a, std::size_t b) {
      return patterns_[a].size() > patterns_[b].size();
    });
  }
}

std::size_t AddedTokenMatcher::match_at_start(std::string_view text) const {
  for (const std::size_t i : by_first_byte_[static_cast<unsigned char>(text[0])]) {
    if (text.starts_with(patterns_[i])) return i;
  }
  return kNoMatch;
}

std::vector<TextPart> AddedTokenMatcher::split(std::string_view text) const {
  std::vector<TextPart> parts;
  std::size_t done = 0;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t match = match_at_start(text.substr(position));
    if (match == kNoMatch) {
      ++position;
      continue;
    }
    const AddedToken& token = tokens_[match];
    std::size_t start = position;
    std::size_t stop = position + patterns_[match].size();
    position = stop;
    if (token.single_word &&
        (ends_with_word_char(text.substr(0, start)) || starts_with_word_char(text.substr(stop)))) {
      continue;
    }
    if (token.lstrip) start = std::max(skip_space_backwards(text, start), done);
    if (token.rstrip) stop = skip_space(text, stop);
    if (done < start) parts.push_back({text.substr(done, start - done)});
    parts.push_back({text.substr(start, stop - start), token.id});
    done = stop;
  }
  if (done < text.size()) parts.push_back({text.substr(done)});
  return parts;
}

}  // namespace sdw::text
