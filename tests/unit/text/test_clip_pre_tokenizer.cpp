#include <gmock/gmock.h>

#include "text/clip_pre_tokenizer.h"

namespace {

using sdw::text::split_for_clip;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(ClipPreTokenizer, SplitsWordsNumbersAndSigns) {
  EXPECT_THAT(split_for_clip("a cat, 42!?"), ElementsAre("a", "cat", ",", "4", "2", "!?"));
  EXPECT_THAT(split_for_clip("½a²"), ElementsAre("½", "a", "²"));
  EXPECT_THAT(split_for_clip(" \n\u3000"), IsEmpty());
}

TEST(ClipPreTokenizer, ContractionsStandAlone) {
  EXPECT_THAT(split_for_clip("don't"), ElementsAre("don", "'t"));
  EXPECT_THAT(split_for_clip("'rex"), ElementsAre("'re", "x"));
  EXPECT_THAT(split_for_clip("!'s"), ElementsAre("!'", "s")) << "signs before it take the apostrophe";
  EXPECT_THAT(split_for_clip("'x"), ElementsAre("'", "x"));
}

TEST(ClipPreTokenizer, MarkersAreCutButEndTheirSigns) {
  EXPECT_THAT(split_for_clip("<|endoftext|>!!"), ElementsAre("<|", "endoftext", "|>", "!!"));
  EXPECT_THAT(split_for_clip("!<|endoftext|>!!"), ElementsAre("!<|", "endoftext", "|>!!"));
}

TEST(ClipPreTokenizer, JoinedEmojiAreOnePiece) {
  EXPECT_THAT(split_for_clip("👨‍👩‍👧🏳️‍🌈 🇩🇪"),
              ElementsAre("👨‍👩‍👧🏳️‍🌈", "🇩🇪"));
}

}  // namespace
