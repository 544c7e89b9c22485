#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/headers.h"
#include "http/method.h"
#include "support/page_buffer.h"

namespace sdw::http {

// One request as the handlers see it.
struct Request {
  Method method = Method::other;
  std::vector<std::string> path;  // percent-decoded segments; "/" is one empty segment
  std::vector<std::pair<std::string, std::string>> query;
  Headers headers;
  PageBuffer body;
  bool http_1_0 = false;
  std::string client;      // the peer's address
  std::string request_id;  // its own X-Request-Id if that is fit to be shown, else drawn
  std::string trace_id;    // of a valid `traceparent`, else empty
  std::string job_id;      // the job it turned out to be about, for the log
  std::chrono::steady_clock::time_point received;

  std::optional<std::string_view> query_value(std::string_view name) const;
};

}  // namespace sdw::http
