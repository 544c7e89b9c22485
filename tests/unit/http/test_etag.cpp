#include <gtest/gtest.h>

#include "http/etag.h"

namespace sdw::http {
namespace {

unsigned status_for(std::string_view if_none_match) {
  Request request;
  request.headers.add("If-None-Match", if_none_match);
  return with_etag(request, text_response(200, "text/plain", "x"), "tag").status;
}

TEST(ETag, AClientThatHasItGets304) {
  for (const char* header : {"\"tag\"", "W/\"tag\"", "\"a\", \"tag\"", "*", "\"a\",W/\"tag\" ,\"b\""})
    EXPECT_EQ(status_for(header), 304u) << header;
}

TEST(ETag, AnyOtherGetsItAll) {
  for (const char* header : {"", "tag", "\"tag", "\"tags\"", ",", "\"TAG\""})
    EXPECT_EQ(status_for(header), 200u) << header;
}

TEST(ETag, NamesItsBytes) {
  EXPECT_EQ(tag_of("a"), tag_of("a"));
  EXPECT_NE(tag_of("a"), tag_of("b"));
}

}  // namespace
}  // namespace sdw::http
