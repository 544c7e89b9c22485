#pragma once

#include <string>

#include "http/request.h"

namespace sdw::http {

// Fills in `request_id` and `trace_id` from X-Request-Id (1..64 letters, digits, '.', '_', '-'; else one is
// drawn) and from a well-formed `traceparent` (W3C Trace Context, version 00).
void identify(Request& request);

// 32 hexadecimal digits.
std::string draw_id();

}  // namespace sdw::http
