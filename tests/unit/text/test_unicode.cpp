#include <gtest/gtest.h>

#include "text/unicode.h"

namespace {

using namespace sdw::text;

std::string lowercase(char32_t c) {
  std::string out;
  append_lowercase(c, out);
  return out;
}

TEST(Unicode, BytesThatAreNotUtf8AreReplacedByMaximalParts) {
  EXPECT_EQ(replace_invalid_utf8("a\xff"), "a\uFFFD");
  EXPECT_EQ(replace_invalid_utf8("\xf0\x9f\x90"), "\uFFFD") << "a truncated sequence is one part";
  EXPECT_EQ(replace_invalid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate is three parts";
  EXPECT_EQ(replace_invalid_utf8("\xc0\xaf"), "\uFFFD\uFFFD") << "an overlong form is two parts";
  EXPECT_EQ(replace_invalid_utf8(std::string_view("a\0b", 3)), std::string_view("a\0b", 3));
}

TEST(Unicode, LowercaseHasNeitherContextNorLanguage) {
  EXPECT_EQ(lowercase(U'Σ'), "σ");
  EXPECT_EQ(lowercase(U'\u0130'), "i\u0307");
  EXPECT_EQ(lowercase(U'I'), "i");
  EXPECT_EQ(lowercase(U'ẞ'), "ß");
  EXPECT_EQ(lowercase(U'ß'), "ß");
}

TEST(Unicode, CharactersNewerThanTheInstalledLibraryAreKnown) {
  EXPECT_EQ(char_class(0x2EBF0), CharClass::letter) << "CJK extension I, Unicode 15.1";
  EXPECT_EQ(char_class(0x2EE5E), CharClass::other);
  EXPECT_EQ(char_class(0x10D40), CharClass::number) << "Garay, Unicode 16";
  EXPECT_EQ(lowercase(0x10D50), "\U00010D70");
  EXPECT_EQ(lowercase(0xA7DC), "\u019B");
}

TEST(Unicode, WhiteSpaceIsTheUnicodeProperty) {
  for (const char32_t c : {0x09, 0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x3000})
    EXPECT_EQ(char_class(c), CharClass::space) << std::hex << static_cast<unsigned>(c);
  for (const char32_t c : {0x00, 0x1C, 0x180E, 0x200B, 0x2060, 0xFEFF})
    EXPECT_EQ(char_class(c), CharClass::other) << std::hex << static_cast<unsigned>(c);
}

}  // namespace
