#include "unit/text/tiny_tokenizer.h"

#include "text/byte_alphabet.h"

TinyTokenizer tiny_tokenizer() {
  TinyTokenizer tiny;
  int next_id = 0;
  const auto add = [&](const std::string& token) {
    if (!tiny.vocabulary.contains(token)) tiny.vocabulary[token] = next_id++;
  };
  for (const std::string suffix : {"", "</w>"})
    for (int byte = 0; byte < 256; ++byte)
      add(sdw::text::byte_to_symbol(static_cast<unsigned char>(byte)) + suffix);
  tiny.merges = "#version: 0.2\n";
  for (const auto& [left, right] : {std::pair{"t", "h"},
                                    {"th", "e</w>"},
                                    {"a", "a"},
                                    {"aa", "aa"},
                                    {"c", "a"},
                                    {"ca", "t</w>"},
                                    {"!", "!"},
                                    {"!!", "!</w>"},
                                    {"Ã", "©</w>"},
                                    {"s", "s"}}) {
    tiny.merges += std::string(left) + " " + right + "\n";
    add(std::string(left) + right);
  }
  add("<|startoftext|>");
  add("<|endoftext|>");
  return tiny;
}

void write_tiny_tokenizer(const TemporaryFolder& folder) {
  const TinyTokenizer tiny = tiny_tokenizer();
  folder.write("vocab.json", tiny.vocabulary.dump());
  folder.write("merges.txt", tiny.merges);
}

sdw::text::ClipTokenizer load_tokenizer(const TemporaryFolder& folder) {
  return sdw::value_or_throw(sdw::text::ClipTokenizer::load(folder.path()));
}
