#include "text/clip_vocabulary.h"

#include <algorithm>

#include "text/assets.h"
#include "text/byte_alphabet.h"

namespace sdw::text {
namespace {

std::string_view merges_file() {
  const auto assets = embedded_assets();
  return std::ranges::find(assets, "merges.txt", &Asset::path)->bytes;
}

}  // namespace

// As the constructor of CLIP's SimpleTokenizer numbers them.
ClipTokenizerModel clip_vocabulary() {
  ClipTokenizerModel model{.vocabulary = {}, .merges = value_or_throw(parse_merges(merges_file()))};
  const auto add = [&](std::string token) {
    model.vocabulary.emplace(std::move(token), static_cast<TokenId>(model.vocabulary.size()));
  };
  std::vector<std::string> alphabet(256);
  for (std::size_t byte = 0; byte < alphabet.size(); ++byte) {
    alphabet[byte] = byte_to_symbol(static_cast<unsigned char>(byte));
  }
  std::ranges::sort(alphabet);  // by code point: the bytes that stand for themselves, then the stand-ins
  for (const std::string& symbol : alphabet) add(symbol);
  for (const std::string& symbol : alphabet) add(symbol + std::string(Bpe::kEndOfWord));
  for (const auto& [left, right] : model.merges) add(left + right);
  add("<|startoftext|>");
  add("<|endoftext|>");
  return model;
}

}  // namespace sdw::text
