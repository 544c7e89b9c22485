#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <nlohmann/json.hpp>

#include "contract/field_values.h"
#include "contract/openapi.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using request::FieldInfo;
using request::FieldKind;

constexpr const char* kNoNul = "^[^\\u0000]*$";

// 8 rather than 8.0, where the field is an integer.
json bound(const FieldInfo& field, double value) {
  if (field.kind == FieldKind::integer) return static_cast<std::int64_t>(value);
  return value;
}

json range_of(const FieldInfo& field) {
  json schema = {{"type", field.kind == FieldKind::integer ? "integer" : "number"},
                 {field.above_low ? "exclusiveMinimum" : "minimum", bound(field, field.low)},
                 {"maximum", bound(field, field.high)}};
  if (field.multiple_of != 1) schema["multipleOf"] = field.multiple_of;
  return schema;
}

// Every id and alias.
json names_of(const FieldInfo& field) {
  std::vector<std::string_view> names;
  for (const request::NameEntry& entry : field.names()) {
    names.push_back(entry.id);
    names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
  }
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return {{"type", "string"}, {"enum", names}};
}

json type_of(const FieldInfo& field) {
  switch (field.kind) {
    case FieldKind::integer:
    case FieldKind::number:
      return range_of(field);
    case FieldKind::flag:
      return {{"type", "boolean"}};
    case FieldKind::seed:
      return {{"type", "integer"}, {"minimum", -1}, {"maximum", std::numeric_limits<std::uint64_t>::max()}};
    case FieldKind::id:
      return {{"type", "string"}, {"pattern", kNoNul}, {"maxLength", kShortText}};
    case FieldKind::prompt:
      return {{"type", "string"}, {"pattern", kNoNul}};
    case FieldKind::name:
      return names_of(field);
    case FieldKind::other:
      break;
  }
  return json::object();
}

}  // namespace

json field_schema(const FieldInfo& field) {
  json schema = type_of(field);
  std::string description(field.help);
  if (!field.fallback.empty()) description += fmt::format(" Absent: {}.", field.fallback);
  schema["description"] = std::move(description);
  return schema;
}

}  // namespace sdw::contract
