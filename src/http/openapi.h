#pragma once

#include <string>

#include "http/api.h"

namespace sdw::http {

// The OpenAPI 3.1 document of every route, with the ranges and names that validation uses.
std::string openapi_document(const Api& api);

}  // namespace sdw::http
