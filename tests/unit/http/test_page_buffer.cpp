#include <gtest/gtest.h>
#include <string>

#include "support/page_buffer.h"

namespace sdw {
namespace {

TEST(PageBuffer, KeepsWhatIsAppendedInPiecesOfAnySize) {
  PageBuffer buffer;
  std::string expected;
  for (const std::size_t size : {1u, 0u, 65'535u, 1u, 65'536u, 3'000'001u, 7u}) {
    const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
    buffer.append(piece);
    expected += piece;
    ASSERT_EQ(buffer.size(), expected.size());
  }
  EXPECT_TRUE(buffer.view() == expected);
}

TEST(PageBuffer, AMovedOneIsEmptyAndAClearedOneMayBeFilledAgain) {
  PageBuffer first;
  first.append("text");
  PageBuffer second = std::move(first);
  EXPECT_EQ(second.view(), "text");
  first = std::move(second);
  EXPECT_TRUE(second.empty());
  first.clear();
  EXPECT_TRUE(first.empty());
  first.append("more");
  EXPECT_EQ(first.view(), "more");
}

}  // namespace
}  // namespace sdw
