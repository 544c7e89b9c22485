#include "fuzz/target.h"
#include "unit/text/tiny_tokenizer.h"

namespace sdw::fuzz {

// The input as each file of a tokenizer folder in turn.
void tokenizer_files(std::span<const std::byte> bytes) {
  for (const char* name : {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                           "merges.txt", "vocab.json", "tokenizer.json"}) {
    const TemporaryFolder folder;
    write_tiny_tokenizer(folder);
    folder.write(name, as_text(bytes));
    const auto tokenizer = text::ClipTokenizer::load(folder.path());
    if (tokenizer) {
      require(tokenizer->encode("the cat!").ids.size() == tokenizer->max_length(), "what loads can encode");
      continue;
    }
    require(tokenizer.error().code == ErrorCode::model_invalid, "a bad file is model_invalid");
    require(!tokenizer.error().message.empty() && tokenizer.error().message.size() < 1000,
            "an error has one readable line");
  }
}

}  // namespace sdw::fuzz
