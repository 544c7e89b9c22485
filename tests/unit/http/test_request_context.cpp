#include <gtest/gtest.h>

#include "http/request_context.h"

namespace sdw::http {
namespace {

Request identified(std::string_view name, std::string_view value) {
  Request request;
  request.headers.add(name, value);
  identify(request);
  return request;
}

TEST(RequestId, IsKeptWhereItIsFitToBeShown) {
  EXPECT_EQ(identified("X-Request-Id", "a.B_c-1").request_id, "a.B_c-1");
  for (const char* id : {"", "a b", "a\"b", "\x1b[31m"}) {
    EXPECT_EQ(identified("X-Request-Id", id).request_id.size(), 32u) << id;
  }
  EXPECT_EQ(identified("X-Request-Id", std::string(65, 'a')).request_id.size(), 32u);
}

TEST(TraceParent, IsTakenOnlyWhereItIsWellFormed) {
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  EXPECT_EQ(identified("traceparent", "00-" + trace + "-b7ad6b7169203331-01").trace_id, trace);
  for (const std::string& wrong :
       {"00-" + trace + "-b7ad6b7169203331", "01-" + trace + "-b7ad6b7169203331-01",
        "00-" + trace + "-0000000000000000-01", "00-" + std::string(32, '0') + "-b7ad6b7169203331-01",
        "00-" + std::string(32, 'G') + "-b7ad6b7169203331-01", std::string()}) {
    EXPECT_EQ(identified("traceparent", wrong).trace_id, "") << wrong;
  }
}

}  // namespace
}  // namespace sdw::http
