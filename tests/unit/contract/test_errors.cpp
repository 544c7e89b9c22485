#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "contract/error_body.h"
#include "contract/error_table.h"

namespace sdw::contract {
namespace {

using nlohmann::json;

TEST(Errors, the_table_has_every_code_once_under_its_own_name) {
  std::set<ErrorCode> codes;
  for (const ErrorEntry& entry : error_table()) {
    EXPECT_TRUE(codes.insert(entry.code).second) << entry.name << " appears twice";
    EXPECT_EQ(entry.name, to_string(entry.code));
    EXPECT_GE(entry.http_status, 400);
    EXPECT_LT(entry.http_status, 600);
  }
  EXPECT_EQ(codes.size(), static_cast<std::size_t>(ErrorCode::internal_error) + 1);
}

TEST(Errors, statuses_are_those_of_the_api) {
  EXPECT_EQ(error_entry(ErrorCode::invalid_request).http_status, 422);
  EXPECT_EQ(error_entry(ErrorCode::malformed_json).http_status, 400);
  EXPECT_EQ(error_entry(ErrorCode::input_too_large).http_status, 413);
  EXPECT_EQ(error_entry(ErrorCode::not_found).http_status, 404);
  EXPECT_EQ(error_entry(ErrorCode::queue_full).http_status, 429);
  EXPECT_EQ(error_entry(ErrorCode::shutting_down).http_status, 503);
  EXPECT_EQ(error_entry(ErrorCode::not_ready).http_status, 503);
  EXPECT_EQ(error_entry(ErrorCode::expired).http_status, 410);
  EXPECT_EQ(error_entry(ErrorCode::conflict).http_status, 409);
}

TEST(Errors, a_body_has_the_one_shape) {
  const json body =
      json::parse(error_body({ErrorCode::invalid_request, "steps must be from 1 to 150", "steps"}));
  EXPECT_EQ(body, (json{{"error",
                         {{"message", "steps must be from 1 to 150"},
                          {"type", "invalid_request_error"},
                          {"param", "steps"},
                          {"code", "invalid_request"}}}}));
  EXPECT_TRUE(json::parse(error_body({ErrorCode::queue_full, "full"}))["error"]["param"].is_null());
}

TEST(Errors, an_internal_error_tells_nothing) {
  const std::string body = error_body({ErrorCode::internal_error, "std::bad_variant_access at /srv/x.cpp"});
  EXPECT_EQ(body.find("variant"), std::string::npos) << body;
}

TEST(Errors, bytes_that_are_not_utf8_do_not_break_a_body) {
  EXPECT_NO_THROW(json::parse(error_body({ErrorCode::invalid_request, "\xff\xfe", "\xff"})));
}

}  // namespace
}  // namespace sdw::contract
