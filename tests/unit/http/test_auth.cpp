#include <gtest/gtest.h>

#include "http/auth.h"

namespace sdw::http {
namespace {

TEST(Auth, TakesTheKeyAsBearerAndAsBasicPassword) {
  EXPECT_TRUE(authorized("Bearer key", "key"));
  EXPECT_TRUE(authorized("bearer  key", "key"));
  EXPECT_TRUE(authorized("Basic YW55Om9uZTprZXk=", "one:key"));  // any:one:key
  EXPECT_TRUE(authorized("Basic OmtleQ==", "key"));              // :key
}

TEST(Auth, RefusesEverythingElse) {
  for (const char* header : {"", "key", "Bearer", "Bearer ", "Bearer ke", "Bearer keyy", "Bearer KEY",
                             "Token key", "Basic", "Basic !!!", "Basic a2V5", "Basic a2V5Og=="}) {
    EXPECT_FALSE(authorized(header, "key")) << header;
  }
  EXPECT_FALSE(authorized("Bearer " + std::string(1 << 20, 'k'), "key"));
}

}  // namespace
}  // namespace sdw::http
