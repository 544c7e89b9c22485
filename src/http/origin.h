#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"
#include "http/response.h"

namespace sdw::http {

// Which pages and names may talk to this server: against DNS rebinding and against pages that post to it
// unseen.

// True where the Host header names this machine: localhost, 127.0.0.1 or [::1], any port, or one of
// `allowed`.
bool host_allowed(std::string_view host, const std::vector<std::string>& allowed);

// False where a page of another origin, not in `cors_origins`, sends a request that changes something.
// Requests without an Origin header come from programs, and GET and HEAD change nothing.
bool origin_allowed(const Request& request, const std::vector<std::string>& cors_origins, bool tls);

// Adds Access-Control headers where the request's Origin is listed; nothing is reflected for others, and
// credentials of a browser are never allowed.
void add_cors_headers(const Request& request, const std::vector<std::string>& cors_origins,
                      Response& response);

// The answer to OPTIONS: Allow, and for a listed origin's preflight what it may send.
Response options_response(const Request& request, const std::vector<std::string>& cors_origins,
                          std::string_view allow);

}  // namespace sdw::http
