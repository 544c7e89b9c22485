#pragma once

#include <optional>
#include <string_view>

#include "http/request.h"
#include "http/request_parser.h"

namespace sdw::http {

// The request target (RFC 9112 section 3.2: origin form, or absolute form, whose path and query are used)
// into `path` and `query`, percent-decoded. Errors: 400 for what is not a URL, or holds a NUL.
std::optional<ProtocolError> parse_target(std::string_view target, Request& request);

}  // namespace sdw::http
