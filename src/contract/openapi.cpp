#include "contract/openapi.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "contract/assets.h"
#include "contract/field_values.h"
#include "contract/request_fields.h"

namespace sdw::contract {
namespace {

using nlohmann::json;
using request::Operation;

// Adds the responses that every route may give beside its own. Open routes need no key.
void add_common_responses(json& document) {
  const json common = document["components"]["responses"];
  document["components"].erase("responses");
  for (json& path : document["paths"]) {
    for (json& operation : path) {
      json& responses = operation["responses"];
      responses["400"] = common["BadRequest"];
      responses["403"] = common["Forbidden"];
      if (!operation.contains("security")) responses["401"] = common["Unauthorized"];
    }
  }
}

// The values of the fields that are read by hand.
void fill_in_by_hand(json& properties, Operation operation, const Described& worker) {
  const auto add = [&properties](const char* field, const json& schema) {
    if (properties.contains(field)) properties[field].update(schema);
  };
  const json picture = {{"type", "string"}, {"format", "picture"}, {"minLength", 1}};
  add("operation", {{"const", to_string(operation)}});
  add("precision", {{"type", "string"}, {"enum", worker.precisions}});
  add("output_format", {{"type", "string"}, {"enum", {"png", "jpeg", "webp"}}, {"default", "png"}});
  add("loras", {{"type", "array"},
                {"maxItems", worker.limits.loras},
                {"items", {{"$ref", "#/components/schemas/Lora"}}}});
  for (const char* field : {"input_image", "init_image", "mask_image"}) add(field, picture);
}

// The name that the docs use for the picture of an operation, which has an alias.
bool is_alias(std::string_view field, Operation operation) {
  return field == (operation == Operation::image_inpaint ? "input_image" : "init_image");
}

// A null means that the field is absent.
void take_null(json& schema) {
  schema["type"] = {schema["type"], "null"};
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
}

json request_schema(Operation operation, const Described& worker) {
  json properties = json::object();
  for (const request::FieldInfo& field : all_fields()) {
    if ((field.operations & request::only(operation)) == 0 || is_alias(field.name, operation)) continue;
    properties[std::string(field.name)] = field_schema(limited(field, worker.limits));
  }
  fill_in_by_hand(properties, operation, worker);
  json required = {"operation", "prompt"};
  for (const char* picture : {"input_image", "init_image", "mask_image"}) {
    if (properties.contains(picture)) required.push_back(picture);
  }
  for (auto& [name, schema] : properties.items()) {
    if (std::ranges::find(required, json(name)) == required.end()) take_null(schema);
  }
  const json not_empty = {{"properties", {{"prompt", {{"pattern", "\\S"}}}}}};
  const json empty_allowed = {{"properties", {{"allow_empty_prompt", {{"const", true}}}}},
                              {"required", {"allow_empty_prompt"}}};
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"anyOf", {not_empty, empty_allowed}}};
}

}  // namespace

std::string openapi_document(const Described& worker) {
  json document = json::parse(embedded_assets().front().bytes);
  document["info"]["version"] = worker.version;
  add_common_responses(document);
  json& schemas = document["components"]["schemas"];
  schemas["ImageGeneration"] = request_schema(Operation::image_generation, worker);
  schemas["ImageTransform"] = request_schema(Operation::image_transform, worker);
  schemas["ImageInpaint"] = request_schema(Operation::image_inpaint, worker);
  if (worker.needs_key) {
    document["components"]["securitySchemes"]["key"] = {{"type", "http"}, {"scheme", "bearer"}};
    document["security"] = {{{"key", json::array()}}};
  }
  return document.dump();
}

}  // namespace sdw::contract
