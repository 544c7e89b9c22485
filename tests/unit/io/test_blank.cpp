#include <gtest/gtest.h>

#include "io/blank.h"

namespace sdw::io {
namespace {

TEST(Blank, WhiteSpaceOfEveryScriptIsBlank) {
  for (const char* text : {"", " ", "\t\r\n", "\u00a0", "\u3000\u2003 \u2029", "\x1f"}) {
    EXPECT_TRUE(is_blank(text)) << '"' << text << '"';
  }
}

TEST(Blank, AnythingElseIsText) {
  for (const char* text : {"x", "  x", "x ", ".", "\u00e9", "\u200b", "\xc2", "\xe2\x80"}) {
    EXPECT_FALSE(is_blank(text)) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace sdw::io
