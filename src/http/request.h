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
  std::string authority;  // host and port of an absolute target, which outranks the Host header; else empty
  Headers headers;
  PageBuffer body;
  bool http_1_0 = false;
  std::string client;      // the peer's address
  std::string request_id;  // its own X-Request-Id if that is fit to be shown, else drawn
  std::string trace_id;    // of a valid `traceparent`, else empty
  std::string job_id;      // the job it turned out to be about, for the log
  std::chrono::steady_clock::time_point received;

  // The host and port that the request is for.
  std::string_view host() const { return authority.empty() ? headers["Host"] : std::string_view(authority); }
  std::optional<std::string_view> query_value(std::string_view name) const;
};

}  // namespace sdw::http
