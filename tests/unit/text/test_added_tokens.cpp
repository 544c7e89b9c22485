#include <gmock/gmock.h>

#include "text/added_vocabulary.h"

namespace {

using namespace sdw::text;
using testing::ElementsAre;

AddedToken token(const std::string& content) {
  return {.content = content};
}

// Parts as text, added tokens with their id behind a colon.
std::vector<std::string> split(const std::vector<AddedToken>& tokens, std::string_view text) {
  const AddedVocabulary added = register_added_tokens(tokens, {{"x", 0}});
  std::vector<std::string> parts;
  for (const TextPart& part : added.raw.split(text)) {
    parts.emplace_back(part.text);
    if (part.id >= 0) parts.back().append(":").append(std::to_string(part.id));
  }
  return parts;
}

TEST(AddedTokens, TheLongestAtTheLeftmostPlaceWins) {
  EXPECT_THAT(split({token("ab"), token("abc"), token("bcd")}, "xabcd"), ElementsAre("x", "abc:2", "d"));
}

TEST(AddedTokens, SingleWordsStandAlone) {
  AddedToken word = token("ab");
  word.single_word = true;
  EXPECT_THAT(split({word}, "ab xab abé ab."), ElementsAre("ab:1", " xab abé ", "ab:1", "."));
}

TEST(AddedTokens, StrippingTokensSwallowWhiteSpace) {
  AddedToken left = token("L");
  left.lstrip = true;
  AddedToken right = token("R");
  right.rstrip = true;
  EXPECT_THAT(split({left, right}, "a \u3000L b R \n c"),
              ElementsAre("a", " \u3000L:1", " b ", "R \n :2", "c"));
}

TEST(AddedTokens, ATokenOfTheVocabularyKeepsItsIdAndOthersAreNumberedOn) {
  const AddedVocabulary added =
      register_added_tokens({token("new"), token("x"), token("newer")}, {{"x", 0}, {"y", 1}});
  EXPECT_EQ(added.ids.at("x"), 0);
  EXPECT_EQ(added.ids.at("new"), 2);
  EXPECT_EQ(added.ids.at("newer"), 3);
}

TEST(AddedTokens, OfATokenRegisteredTwiceTheLaterFlagsCount) {
  AddedToken normalized = token("ab");
  normalized.normalized = true;
  EXPECT_THAT(split({normalized, token("ab")}, "ab"), ElementsAre("ab:1"));
  EXPECT_THAT(split({token("ab"), normalized}, "ab"), ElementsAre("ab"));
}

}  // namespace
