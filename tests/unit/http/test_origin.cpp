#include <gtest/gtest.h>

#include "http/origin.h"

namespace sdw::http {
namespace {

Request request(Method method, std::string_view origin, std::string_view host = "localhost:8080") {
  Request made;
  made.method = method;
  if (!origin.empty()) made.headers.add("Origin", origin);
  made.headers.add("Host", host);
  return made;
}

TEST(Host, NamesOfThisMachineAreTakenWithAnyPort) {
  for (const char* host :
       {"localhost", "localhost:1", "LocalHost:65535", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:9"})
    EXPECT_TRUE(host_allowed(host, {})) << host;
}

TEST(Host, OtherNamesAreNot) {
  for (const char* host : {"", ":", ":80", "evil.example", "localhost.evil.example", "localhost:80:80",
                           "localhost:abc", "[::1", "::1", "[]", "127.0.0.1.evil", "localhost:123456"})
    EXPECT_FALSE(host_allowed(host, {})) << host;
}

TEST(Host, MoreNamesCanBeAllowedWithOrWithoutPort) {
  EXPECT_TRUE(host_allowed("a.example:80", {"a.example"}));
  EXPECT_TRUE(host_allowed("a.example:80", {"a.example:80"}));
  EXPECT_FALSE(host_allowed("a.example:81", {"a.example:80"}));
}

TEST(Origin, OnlyOwnAndListedPagesMayChangeThings) {
  EXPECT_TRUE(origin_allowed(request(Method::post, ""), {}, false));
  EXPECT_TRUE(origin_allowed(request(Method::post, "http://localhost:8080"), {}, false));
  EXPECT_FALSE(origin_allowed(request(Method::post, "https://localhost:8080"), {}, false));
  EXPECT_TRUE(origin_allowed(request(Method::post, "https://localhost:8080"), {}, true));
  EXPECT_FALSE(origin_allowed(request(Method::post, "null"), {}, false));
  EXPECT_FALSE(
      origin_allowed(request(Method::delete_, "https://evil.example"), {"https://a.example"}, false));
  EXPECT_TRUE(origin_allowed(request(Method::delete_, "https://a.example"), {"https://a.example"}, false));
  EXPECT_TRUE(origin_allowed(request(Method::get, "https://evil.example"), {}, false));
}

TEST(Origin, IsWrittenAsBrowsersSendIt) {
  for (const char* text :
       {"https://a.example", "https://a.example/", "HTTPS://A.EXAMPLE:443", "https://a.example:"})
    EXPECT_EQ(*normal_origin(text), "https://a.example") << text;
  EXPECT_EQ(*normal_origin("http://localhost:3000/"), "http://localhost:3000");
  EXPECT_EQ(*normal_origin("http://[::1]:80"), "http://[::1]");
  EXPECT_EQ(*normal_origin("tauri://localhost"), "tauri://localhost");
  EXPECT_EQ(*normal_origin("*"), "*");
  EXPECT_EQ(*normal_origin("null"), "null");
}

TEST(Origin, OneThatNoBrowserSendsIsRefused) {
  for (const char* text : {"", "a.example", "localhost:3000", "//a.example", "https://", "https:///",
                           "https://a.example/x", "https://a.example?x", "https://a.example#x",
                           "https://u@a.example", "https://a b", "https://\xc3\xbc"})
    EXPECT_FALSE(normal_origin(text).ok()) << text;
}

TEST(Host, OnlyWhatAHostHeaderMayCarryCanBeAllowed) {
  for (const char* text : {"a.example", "a.example:80", "[::1]", "[::1]:80", "my_host-1"})
    EXPECT_TRUE(check_allowed_host(text).ok()) << text;
  for (const char* text : {"", "http://a.example", "a.example/", "*.example", "a.example:x", "::1", "a b"})
    EXPECT_FALSE(check_allowed_host(text).ok()) << text;
}

TEST(Cors, NothingIsReflectedForOthers) {
  Response response;
  add_cors_headers(request(Method::get, "https://evil.example"), {"https://a.example"}, response);
  EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Origin"));
  EXPECT_EQ(response.headers["Vary"], "Origin");
  add_cors_headers(request(Method::get, "https://a.example"), {"*"}, response);
  EXPECT_EQ(response.headers["Access-Control-Allow-Origin"], "*");
}

}  // namespace
}  // namespace sdw::http
