#pragma once

#include <string>

#include "http/request.h"
#include "http/response.h"
#include "http/settings.h"
#include "http/transport.h"

namespace sdw::http {

// The status line and header fields, with the length or the coding of the body and what becomes of the
// connection.
std::string response_head(const Request& request, const Response& response, bool keep_alive);

// Writes all of the response; for HEAD, 204 and 304 without its body. `sent` counts the bytes of bodies of
// known length.
Task<error_code> write_response(Transport& transport, const HttpLimits& limits, const Request& request,
                                const Response& response, bool keep_alive);

}  // namespace sdw::http
