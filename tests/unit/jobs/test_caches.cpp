#include <gtest/gtest.h>
#include <string>

#include "jobs/content_digest.h"
#include "jobs/lru_cache.h"

namespace sdw::jobs {
namespace {

TEST(LruCache, forgets_what_was_asked_for_longest_ago) {
  LruCache<std::string, int> cache(2);
  cache.put("a", 1);
  cache.put("b", 2);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.put("c", 3);
  EXPECT_EQ(cache.find("b"), nullptr);
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
  EXPECT_EQ(*cache.find("c"), 3);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(LruCache, keeps_nothing_at_a_capacity_of_zero) {
  LruCache<std::string, int> cache(0);
  cache.put("a", 1);
  EXPECT_EQ(cache.find("a"), nullptr);
}

TEST(ContentDigest, is_sha256) {
  // FIPS 180-2, appendix B.1: "abc".
  const std::string abc = "abc";
  const std::string digest = content_digest(std::as_bytes(std::span(abc)));
  ASSERT_EQ(digest.size(), 32u);
  EXPECT_EQ(static_cast<unsigned char>(digest[0]), 0xba);
  EXPECT_EQ(static_cast<unsigned char>(digest[1]), 0x78);
  EXPECT_EQ(static_cast<unsigned char>(digest[31]), 0xad);
}

}  // namespace
}  // namespace sdw::jobs
