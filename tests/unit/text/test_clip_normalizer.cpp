#include <chrono>
#include <gtest/gtest.h>

#include "text/clip_normalizer.h"

namespace {

using sdw::text::normalize_for_clip;

TEST(ClipNormalizer, ComposesCollapsesAndLowers) {
  EXPECT_EQ(normalize_for_clip("CAFE\u0301"), "café");
  EXPECT_EQ(normalize_for_clip(" a \t\u00a0\u3000b\r\n"), " a b ");
  EXPECT_EQ(normalize_for_clip("ΟΔΟΣ"), "οδοσ");
  EXPECT_EQ(normalize_for_clip(""), "");
}

TEST(ClipNormalizer, MarksOfUnicode10AndLaterAreInert) {
  EXPECT_EQ(normalize_for_clip("\u0301\u0D3C"), "\u0301\u0D3C") << "U+0D3C came with Unicode 10";
  EXPECT_EQ(normalize_for_clip("\u0301\u0334"), "\u0334\u0301");
}

TEST(ClipNormalizer, MarksThatDecomposeAreOrderedToo) {
  EXPECT_EQ(normalize_for_clip("\u0F73\u0316"), "\u0F71\u0F72\u0316");
  EXPECT_EQ(normalize_for_clip("\u0344\u0316"), "\u0316\u0308\u0301");
}

TEST(ClipNormalizer, AMegabyteOfDisorderedMarksTakesNoTime) {
  std::string marks;
  while (marks.size() < 1'000'000) marks += "\u0301\u0316\u0F73";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_GT(normalize_for_clip(marks).size(), 1'000'000U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
