#pragma once

#include <string>
#include <string_view>

#include "http/request.h"
#include "http/response.h"

namespace sdw::http {

// The response with an ETag, or 304 without a body where If-None-Match names it (RFC 9110 section 13.1.2,
// weak comparison). `tag` comes without quotes.
Response with_etag(const Request& request, Response response, std::string_view tag);

// Short text that names these bytes.
std::string tag_of(std::string_view bytes);

}  // namespace sdw::http
