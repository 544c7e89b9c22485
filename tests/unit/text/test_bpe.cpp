#include <chrono>
#include <gmock/gmock.h>

#include "text/bpe.h"

namespace {

using namespace sdw::text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TokenId kUnknown = 9;
const Vocabulary kVocabulary = {{"a", 0},  {"b", 1},  {"a</w>", 2}, {"b</w>", 3},
                                {"ab", 4}, {"aa", 5}, {"ab</w>", 6}};

std::vector<std::int64_t> encode(const Merges& merges, std::string_view word) {
  std::vector<std::int64_t> ids;
  sdw::value_or_throw(Bpe::create(kVocabulary, merges, kUnknown)).encode_word(word, ids);
  return ids;
}

TEST(Bpe, TheEarlierMergeGoesFirst) {
  EXPECT_THAT(encode({{"a", "b"}, {"a", "a"}}, "aaba"), ElementsAre(0, 4, 2));
  EXPECT_THAT(encode({{"a", "a"}, {"a", "b"}}, "aaba"), ElementsAre(5, 1, 2));
}

TEST(Bpe, OfEqualMergesTheLeftGoesFirst) {
  EXPECT_THAT(encode({{"a", "a"}}, "aaaaa"), ElementsAre(5, 5, 2));
}

TEST(Bpe, TheLastSymbolIsAnother) {
  EXPECT_THAT(encode({{"a", "b</w>"}}, "abab"), ElementsAre(0, 1, 6));
  EXPECT_THAT(encode({}, ""), IsEmpty());
}

TEST(Bpe, AByteWithoutATokenIsUnknown) {
  EXPECT_THAT(encode({{"a", "b"}}, "acb"), ElementsAre(0, kUnknown, 3));
}

TEST(Bpe, AMergeOfUnknownTokensIsRefusedByName) {
  const auto bpe = Bpe::create(kVocabulary, {{"a", "b"}, {"b", "b"}}, kUnknown);
  ASSERT_FALSE(bpe.ok());
  EXPECT_EQ(bpe.error().code, sdw::ErrorCode::model_invalid);
  EXPECT_THAT(bpe.error().message, HasSubstr("merge 2 needs the token \"bb\""));
}

TEST(Bpe, AMegabyteOfOneLetterTakesNoTime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(encode({{"a", "a"}}, std::string(1'000'001, 'a')).size(), 500'001U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
