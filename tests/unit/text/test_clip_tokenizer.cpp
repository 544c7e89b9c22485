#include <gmock/gmock.h>

#include "unit/text/tiny_tokenizer.h"

namespace {

using testing::Each;
using testing::ElementsAre;

class ClipTokenizer : public testing::Test {
 protected:
  ClipTokenizer() { write_tiny_tokenizer(folder_); }
  sdw::text::ClipTokenizer load() const { return load_tokenizer(folder_); }
  static std::int64_t id(const char* token) { return tiny_tokenizer().vocabulary.at(token); }
  TemporaryFolder folder_;
};

TEST_F(ClipTokenizer, PadsToTheModelsLength) {
  const auto tokenizer = load();
  const auto prompt = tokenizer.encode("The CAT");
  ASSERT_EQ(prompt.ids.size(), 77U);
  EXPECT_THAT(std::vector(prompt.ids.begin(), prompt.ids.begin() + 4),
              ElementsAre(tokenizer.start_id(), id("the</w>"), id("cat</w>"), tokenizer.end_id()));
  EXPECT_THAT(std::vector(prompt.ids.begin() + 4, prompt.ids.end()), Each(tokenizer.pad_id()));
  EXPECT_EQ(prompt.truncated, "");
}

TEST_F(ClipTokenizer, TellsWhatDidNotFit) {
  std::string text;
  for (int i = 0; i < 75; ++i) text += "the ";
  EXPECT_EQ(load().encode(text).truncated, "");
  const auto prompt = load().encode(text + "cat &amp; Café");
  EXPECT_EQ(prompt.truncated, "cat & amp ; café");
  EXPECT_EQ(prompt.ids.size(), 77U);
  EXPECT_EQ(prompt.ids.back(), load().end_id());
}

TEST_F(ClipTokenizer, AnEmptyPromptIsStartEndAndPadding) {
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer.encode("").ids, tokenizer.encode(" \n").ids);
  EXPECT_EQ(tokenizer.encode("").ids[1], tokenizer.end_id());
}

TEST_F(ClipTokenizer, MarkersInThePromptAreTokens) {
  const auto tokenizer = load();
  EXPECT_THAT(tokenizer.tokenize("a<|endoftext|>"), ElementsAre(id("a</w>"), tokenizer.end_id()));
}

TEST_F(ClipTokenizer, APadTokenOfTheVocabularyIsAlsoFoundInThePrompt) {
  folder_.write("tokenizer_config.json", R"({"pad_token": "!", "model_max_length": 10})");
  const auto tokenizer = load();
  EXPECT_EQ(tokenizer.pad_id(), id("!"));
  EXPECT_THAT(tokenizer.tokenize("!!!"), ElementsAre(id("!"), id("!"), id("!")));
  EXPECT_EQ(tokenizer.encode("").ids, (std::vector{tokenizer.start_id(), tokenizer.end_id(), id("!"), id("!"),
                                                   id("!"), id("!"), id("!"), id("!"), id("!"), id("!")}));
}

TEST_F(ClipTokenizer, WithoutThatSettingAPadTokenIsPlainText) {
  EXPECT_THAT(load().tokenize("!!!"), ElementsAre(id("!!!</w>")));
}

TEST_F(ClipTokenizer, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(load().tokenize("a\xff"), load().tokenize("a\uFFFD"));
}

TEST_F(ClipTokenizer, DecodingSkipsIdsWithoutAToken) {
  EXPECT_EQ(load().decode({id("cat</w>"), -1, 1'000'000, id("the</w>")}), "cat the");
}

TEST_F(ClipTokenizer, VocabularySizeIsTheRowsThatAModelMustHave) {
  EXPECT_EQ(load().vocab_size(), tiny_tokenizer().vocabulary.size());
}

}  // namespace
