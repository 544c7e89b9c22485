#pragma once

#include <nlohmann/json.hpp>

#include "http/api.h"

namespace sdw::http {

// The `components/schemas` of the OpenAPI document: requests with the ranges and names that validation uses,
// and what is answered.
nlohmann::json openapi_schemas(const Api& api);

}  // namespace sdw::http
