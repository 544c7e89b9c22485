#include <gtest/gtest.h>

#include "http/router.h"

namespace sdw::http {
namespace {

Router routes() {
  Router router;
  for (const auto& [method, pattern] :
       std::vector<std::pair<Method, std::string>>{{Method::get, "/"},
                                                   {Method::get, "/v1/jobs"},
                                                   {Method::post, "/v1/jobs"},
                                                   {Method::get, "/v1/jobs/{id}/images/{n}"}})
    router.add({.method = method, .pattern = pattern, .handler = [](Request&, const PathValues&) {
                  return Response{};
                }});
  return router;
}

TEST(Router, BindsTheSegmentsInBraces) {
  const Router router = routes();
  const RouteMatch match = router.match(Method::get, {"v1", "jobs", "a b", "images", "0"});
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.values.at("id"), "a b");
  EXPECT_EQ(match.values.at("n"), "0");
}

TEST(Router, HeadIsAnsweredWhereGetIs) {
  const Router router = routes();
  ASSERT_NE(router.match(Method::head, {""}).route, nullptr);
  EXPECT_EQ(router.match(Method::head, {""}).route->pattern, "/");
}

TEST(Router, AnotherMethodGetsTheMethodsThereAre) {
  const Router router = routes();
  const RouteMatch match = router.match(Method::put, {"v1", "jobs"});
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS, POST");
}

TEST(Router, UnknownPathsMatchNothing) {
  const Router router = routes();
  for (const std::vector<std::string>& path : std::vector<std::vector<std::string>>{
           {"v1"}, {"v1", "jobs", ""}, {"v1", "jobs", "", "images", "0"}, {"", "v1", "jobs"}})
    EXPECT_TRUE(router.match(Method::get, path).allow.empty());
}

}  // namespace
}  // namespace sdw::http
