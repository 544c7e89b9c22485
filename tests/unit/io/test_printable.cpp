#include <gtest/gtest.h>

#include "io/printable.h"

namespace sdw::io {
namespace {

TEST(Printable, QuotesAndEscapesControlsSoThatALogLineStaysOneLine) {
  EXPECT_EQ(printable("unet.safetensors"), R"("unet.safetensors")");
  EXPECT_EQ(printable("a\nb\x1b[31m\"c"), "\"a\\nb\\u001b[31m\\\"c\"");
  EXPECT_EQ(printable(std::string_view("\0", 1)), R"("\u0000")");
  EXPECT_EQ(printable("a\x7f"), R"("a\u007f")");
  EXPECT_EQ(printable("\u0080\u009b31m\u00a0é"), "\"\\u0080\\u009b31m\u00a0é\"");
}

TEST(Printable, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("a\xff"), "\"a\xEF\xBF\xBD\"");
}

TEST(Printable, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 3), R"("abc...")");
  EXPECT_EQ(printable("aé€", 3), R"("aé...")");
  EXPECT_EQ(printable("aé€", 2), R"("a...")");
  EXPECT_EQ(printable("a🐉", 4), R"("a...")");
  EXPECT_EQ(printable("abc", 3), R"("abc")");
}

}  // namespace
}  // namespace sdw::io
