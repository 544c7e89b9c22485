#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"
#include "http/response.h"
#include "support/result.h"

namespace sdw::http {

// Which pages and names may talk to this server: against DNS rebinding and against pages that post to it
// unseen.

// True where the Host header names this machine: localhost, 127.0.0.1 or [::1], any port, or one of
// `allowed`.
bool host_allowed(std::string_view host, const std::vector<std::string>& allowed);

// False where a page of another origin, not in `cors_origins`, sends a request that changes something.
// Requests without an Origin header come from programs, and GET and HEAD change nothing.
bool origin_allowed(const Request& request, const std::vector<std::string>& cors_origins, bool tls);

// An origin as browsers send it: "HTTPS://Example.org:443/" is "https://example.org". "*" and "null" stay.
// Error: invalid_request.
Result<std::string> normal_origin(std::string_view text);

// Error (invalid_request) where it is not what a Host header may carry: a name or an address, perhaps with a
// port.
Status check_allowed_host(std::string_view text);

// Adds Cross-Origin-Resource-Policy, and Access-Control headers where the request's Origin is listed; nothing
// is reflected for others, and credentials of a browser are never allowed.
void add_cors_headers(const Request& request, const std::vector<std::string>& cors_origins,
                      Response& response);

// The answer to OPTIONS: Allow, and for a listed origin's preflight what it may send.
Response options_response(const Request& request, const std::vector<std::string>& cors_origins,
                          std::string_view allow);

}  // namespace sdw::http
