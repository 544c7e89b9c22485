#include <gtest/gtest.h>
#include <string>

#include "io/plain_name.h"

namespace sdw::io {
namespace {

TEST(PlainName, HasNoWayOutAndNoCommands) {
  for (const char* name :
       {"model-00001-of-00002.safetensors", "a", "a..b", "a b", "Ähre", "\xC2\xA0", "富士"}) {
    EXPECT_TRUE(is_plain_name(name)) << name;
  }
  for (const char* name : {"", ".", "..", "..a", "../x", "/x", "a/b", "a\\b", "a\nb", "\x1B[31m", "\x7f",
                           "a\xC2\x9B"
                           "31m"}) {
    EXPECT_FALSE(is_plain_name(name)) << name;
  }
  EXPECT_FALSE(is_plain_name(std::string_view("a\0b", 3)));
  EXPECT_TRUE(is_plain_name(std::string(255, 'a')));
  EXPECT_FALSE(is_plain_name(std::string(256, 'a')));
}

}  // namespace
}  // namespace sdw::io
