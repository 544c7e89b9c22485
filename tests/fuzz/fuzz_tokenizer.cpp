#include <algorithm>

#include "fuzz/target.h"
#include "text/unicode.h"
#include "unit/text/tiny_tokenizer.h"

namespace sdw::fuzz {
namespace {

// The second looks for added tokens of every kind.
text::ClipTokenizer load(bool with_added_tokens) {
  const TemporaryFolder folder;
  write_tiny_tokenizer(folder);
  if (with_added_tokens)
    folder.write("tokenizer_config.json", R"({"pad_token": "!", "added_tokens_decoder": {
      "600": {"content": "l", "lstrip": true, "normalized": false}, "601": {"content": "r", "rstrip": true},
      "602": {"content": "w ", "single_word": true, "lstrip": true, "rstrip": true}, "603": {"content": "\u00c9"}}})");
  return load_tokenizer(folder);
}

void check(const text::ClipTokenizer& tokenizer, std::string_view prompt) {
  const auto encoded = tokenizer.encode(prompt);
  require(encoded.ids.size() == tokenizer.max_length(), "a prompt has the model's length");
  require(encoded.ids.front() == tokenizer.start_id(), "it begins with the start token");
  require(std::ranges::count(encoded.ids, tokenizer.end_id()) > 0, "it has an end token");
  const auto ids = tokenizer.tokenize(prompt);
  const auto size = static_cast<std::int64_t>(tokenizer.vocab_size());
  require(std::ranges::all_of(ids, [&](std::int64_t id) { return id >= 0 && id < size; }), "ids have a row");
  require(text::is_valid_utf8(tokenizer.decode(ids)) && text::is_valid_utf8(encoded.truncated),
          "decoded text is UTF-8");
  require(ids == tokenizer.tokenize(text::replace_invalid_utf8(prompt)), "bad bytes count as U+FFFD");
}

}  // namespace

void tokenizer(std::span<const std::byte> bytes) {
  static const text::ClipTokenizer plain = load(false);
  static const text::ClipTokenizer with_added_tokens = load(true);
  check(plain, as_text(bytes));
  check(with_added_tokens, as_text(bytes));
}

}  // namespace sdw::fuzz
