#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "contract/limits.h"
#include "request/field.h"

namespace sdw::contract {

// The parts of the API's description that differ between workers.
struct Described {
  std::string_view version;
  Limits limits;
  std::vector<std::string> precisions;
  bool needs_key = false;
};

// The OpenAPI 3.1 document of every route: documents/openapi.json with the request's fields, whose names and
// ranges are those of validation.
std::string openapi_document(const Described& worker);

// The JSON Schema of a field's value, with its description. An `other` field gives the description alone.
nlohmann::json field_schema(const request::FieldInfo& field);

}  // namespace sdw::contract
