#include <gmock/gmock.h>

#include "text/clip_tokenizer.h"
#include "text/clip_vocabulary.h"

namespace sdw::text {
namespace {

using testing::Each;
using testing::ElementsAre;

TEST(ClipVocabulary, HasTheTokensOfClip) {
  const ClipTokenizerModel model = clip_vocabulary();
  EXPECT_EQ(model.vocabulary.size(), 49408U);
  EXPECT_EQ(model.merges.size(), 48894U);
  EXPECT_EQ(model.vocabulary.at("!"), 0);
  EXPECT_EQ(model.vocabulary.at("!</w>"), 256);
  EXPECT_EQ(model.vocabulary.at("<|endoftext|>"), 49407);
}

// As CLIP's own tokenizer numbers them (the example of transformers' documentation).
TEST(ClipVocabulary, NumbersThePromptAsClipDoes) {
  for (const auto& [pad_token, pad] : {std::pair("<|endoftext|>", 49407), std::pair("!", 0)}) {
    const std::vector<std::int64_t> ids = ClipTokenizer::published(pad_token).encode("a photo of a Cat").ids;
    ASSERT_EQ(ids.size(), 77U);
    EXPECT_THAT(std::vector(ids.begin(), ids.begin() + 7),
                ElementsAre(49406, 320, 1125, 539, 320, 2368, 49407));
    EXPECT_THAT(std::vector(ids.begin() + 7, ids.end()), Each(pad));
  }
}

// As in transformers: what pads is a token of its own wherever it stands, without an end of word.
TEST(ClipVocabulary, APaddingOfTheAlphabetIsFoundInTheText) {
  const auto one = ClipTokenizer::published("<|endoftext|>"), other = ClipTokenizer::published("!");
  EXPECT_EQ(one.vocab_size(), 49408U);
  EXPECT_EQ(one.tokenize("don't 富士山 ÉTÉ <|endoftext|>"), other.tokenize("don't 富士山 ÉTÉ <|endoftext|>"));
  EXPECT_THAT(one.tokenize("cat!"), ElementsAre(2368, 256));
  EXPECT_THAT(other.tokenize("cat!"), ElementsAre(2368, 0));
}

}  // namespace
}  // namespace sdw::text
