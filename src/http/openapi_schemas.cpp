#include "http/openapi_schemas.h"

#include <algorithm>
#include <span>

#include "schedulers/names.h"

namespace sdw::http {
namespace {

using nlohmann::json;

constexpr const char* kNoNul = "^[^\\u0000]*$";
constexpr int kShortText = 1024;  // bytes, of an id or a name

json described(json schema, const char* description) {
  schema["description"] = description;
  return schema;
}

json text(int min_length = 0) {
  return {{"type", "string"}, {"minLength", min_length}, {"pattern", kNoNul}};
}

json integer(std::int64_t least, std::int64_t greatest) {
  return {{"type", "integer"}, {"minimum", least}, {"maximum", greatest}};
}

json number(double least, double greatest) {
  return {{"type", "number"}, {"minimum", least}, {"maximum", greatest}};
}

json nullable(json schema) {
  schema["type"] = {schema["type"], "null"};
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  return schema;
}

json object(json properties, json required) {
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

json reference(const char* name) {
  return {{"$ref", std::string("#/components/schemas/") + name}};
}

json names(std::span<const schedulers::NameEntry> entries) {
  json list = json::array();
  for (const schedulers::NameEntry& entry : entries) {
    list.push_back(entry.id);
    for (const std::string_view alias : entry.aliases) list.push_back(alias);
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return {{"type", "string"}, {"enum", list}};
}

json picture() {
  return {{"type", "string"},
          {"format", "picture"},
          {"minLength", 1},
          {"description", "PNG, JPEG or WebP as base64, or as a data: URI with base64."}};
}

json common_properties(const contract::Limits& limits) {
  json size = integer(64, 2048);
  size["multipleOf"] = 8;
  json seed = {{"type", "integer"}, {"minimum", -1}, {"maximum", std::numeric_limits<std::uint64_t>::max()}};
  json prompt = text();
  json timeout = {{"type", "number"}, {"exclusiveMinimum", 0}, {"maximum", limits.timeout_s}};
  json id = text();
  id["maxLength"] = kShortText;
  return {
      {"prompt", described(prompt, "What the picture shows. Not empty or blank, unless allow_empty_prompt.")},
      {"allow_empty_prompt", {{"type", "boolean"}, {"default", false}}},
      {"negative_prompt", described(text(), "What it must not show; used where guidance_scale is above 1.")},
      {"model", described(id, "A known model's id. Absent: the default model.")},
      {"hive_id", id},
      {"worker_id", id},
      {"steps", described(integer(1, limits.steps), "Absent: the model's default.")},
      {"guidance_scale", described(number(0, 30), "Absent: the model's default. Guidance runs above 1.")},
      {"seed", described(seed, "Absent or -1: drawn. Always reported back.")},
      {"width", described(size, "Absent: the model's default, or the input picture's.")},
      {"height", described(size, "Absent: the model's default, or the input picture's.")},
      {"count", described(integer(1, limits.count), "Pictures with seeds seed, seed + 1, ...")},
      {"sampler",
       described(names(schedulers::sampler_names()), "Absent: the model's own. Case does not matter.")},
      {"schedule",
       described(names(schedulers::schedule_names()), "Absent: the model's own. Case does not matter.")},
      {"clip_skip", described(integer(1, 12), "1 is the text encoder's last layer.")},
      {"guidance_start",
       described(number(0, 1),
                 "Guidance runs from this share of the evaluations on. Faster; another picture.")},
      {"guidance_end",
       described(number(0, 1),
                 "Guidance runs up to this share of the evaluations. Faster; another picture.")},
      {"cross_attention_end",
       described(number(0, 1),
                 "The prompt is looked at up to this share of the evaluations, and guidance runs no longer "
                 "(T-GATE). Faster; another picture.")},
      {"token_merging_ratio",
       described(number(0, pipeline::kMaxTokenMergingRatio),
                 "Above 0: self-attention over the most tokens takes those that are alike together (ToMe). "
                 "Faster; another picture.")},
      {"deep_cache_interval",
       described(integer(1, 10),
                 "Above 1: only every nth evaluation runs the whole UNet (DeepCache). Faster; "
                 "another picture.")},
      {"preview_every",
       described(integer(0, std::numeric_limits<int>::max()), "A preview each n steps; 0: none.")},
      {"output_format", {{"type", "string"}, {"enum", {"png", "jpeg", "webp"}}, {"default", "png"}}},
      {"quality", described(integer(1, 100), "Of JPEG and WebP.")},
      {"priority", described(integer(-10, 10), "Higher goes first; waiting makes up for it.")},
      {"timeout_s", described(timeout, "The job fails with deadline_exceeded when it is not done by then.")},
      {"cancel_on_disconnect", described({{"type", "boolean"}}, "Cancel when the last stream reader goes.")},
  };
}

json lora() {
  const json name = {{"type", "string"},
                     {"format", "lora"},
                     {"minLength", 1},
                     {"maxLength", kShortText},
                     {"description", "A file's stem in the LoRA folder, never a path."}};
  const json strength = nullable(number(-10, 10));
  return {{"type", "array"}, {"items", object({{"name", name}, {"strength", strength}}, {"name"})}};
}

json request(const Api& api, const char* operation, const json& more, json required) {
  const contract::Limits& limits = api.app.limits;
  json properties = common_properties(limits);
  properties["operation"] = {{"const", operation}};
  properties["precision"] =
      described({{"type", "string"}, {"enum", api.app.backend.precisions()}}, "Absent: the first of these.");
  properties["loras"] = lora();
  properties["loras"]["maxItems"] = limits.loras;
  properties.update(more);
  required.push_back("operation");
  required.push_back("prompt");
  for (auto& [name, schema] : properties.items()) {
    if (std::find(required.begin(), required.end(), name) == required.end()) schema = nullable(schema);
  }
  json schema = object(std::move(properties), std::move(required));
  const json no_empty_prompt = {{"properties", {{"prompt", {{"pattern", "\\S"}}}}}};
  const json empty_allowed = {{"properties", {{"allow_empty_prompt", {{"const", true}}}}},
                              {"required", {"allow_empty_prompt"}}};
  schema["anyOf"] = {no_empty_prompt, empty_allowed};
  return schema;
}

json accepted() {
  const json warnings = {{"type", "array"}, {"items", text(1)}};
  return object({{"job_id", text(1)},
                 {"sse_url", text(1)},
                 {"warnings", described(warnings,
                                        "Fields that were ignored, each with the one that was "
                                        "probably meant. The result has them too.")}},
                {"job_id", "sse_url", "warnings"});
}

json job() {
  const json time = {{"type", "string"}, {"format", "date-time"}};
  return object(
      {{"id", text(1)},
       {"object", {{"const", "job"}}},
       {"state", {{"type", "string"}, {"enum", {"queued", "running", "completed", "failed", "cancelled"}}}},
       {"model", text()},
       {"seed", {{"type", "integer"}, {"minimum", 0}}},
       {"priority", integer(-10, 10)},
       {"position", described(nullable({{"type", "integer"}, {"minimum", 1}}), "While queued; 1 is next.")},
       {"eta_ms", described(nullable({{"type", "integer"}, {"minimum", 0}}), "Until done; null: not known.")},
       {"step", described({{"type", "integer"}, {"minimum", 0}}, "Of all pictures together.")},
       {"total", {{"type", "integer"}, {"minimum", 0}}},
       {"created_at", time},
       {"started_at", nullable(time)},
       {"finished_at", nullable(time)},
       {"error", nullable(object({{"message", text()}, {"code", text()}}, {"message", "code"}))},
       {"reason", described(text(), "Of a cancelled job.")},
       {"sse_url", text()},
       {"image_urls", {{"type", "array"}, {"items", text()}}},
       {"parameters",
        described({{"type", "object"}},
                  "The fields of the request; once the job has started, with all defaults filled in.")},
       {"result", described({{"type", {"object", "null"}}}, "The data of the complete event.")}},
      {"id", "state", "model", "seed", "position", "step", "total", "created_at", "error"});
}

json model() {
  return object(
      {{"id", text(1)},
       {"object", {{"const", "model"}}},
       {"created", {{"type", "integer"}}},
       {"owned_by", text()},
       {"family", text()},
       {"state", {{"type", "string"}, {"enum", {"unloaded", "loading", "loaded", "unloading", "failed"}}}},
       {"loaded", {{"type", "boolean"}}},
       {"default", {{"type", "boolean"}}},
       {"size_bytes", {{"type", "integer"}}},
       {"memory_bytes", {{"type", "integer"}}},
       {"load_percent", integer(0, 100)},
       {"last_used", {{"type", {"string", "null"}}, {"format", "date-time"}}},
       {"error", {{"type", {"object", "null"}}}}},
      {"id", "object", "created", "owned_by", "state", "loaded"});
}

json error() {
  const json fields =
      object({{"message", text()}, {"type", text()}, {"param", nullable(text())}, {"code", text()}},
             {"message", "type", "param", "code"});
  return object({{"error", fields}}, {"error"});
}

}  // namespace

json openapi_schemas(const Api& api) {
  const json strength = described(number(0, 1), "How far from the input picture.");
  json job_request = {
      {"oneOf", {reference("ImageGeneration"), reference("ImageTransform"), reference("ImageInpaint")}}};
  job_request["discriminator"] = {{"propertyName", "operation"},
                                  {"mapping",
                                   {{"image_generation", "#/components/schemas/ImageGeneration"},
                                    {"image_transform", "#/components/schemas/ImageTransform"},
                                    {"image_inpaint", "#/components/schemas/ImageInpaint"}}}};
  return {
      {"JobRequest", job_request},
      {"ImageGeneration", request(api, "image_generation", json::object(), json::array())},
      {"ImageTransform", request(api, "image_transform", {{"input_image", picture()}, {"strength", strength}},
                                 {"input_image"})},
      {"ImageInpaint",
       request(api, "image_inpaint",
               {{"init_image", picture()},
                {"mask_image", described(picture(), "As large as init_image; white is repainted.")},
                {"strength", strength}},
               {"init_image", "mask_image"})},
      {"Accepted", accepted()},
      {"StreamEvent", object({{"id", text(1)}, {"event", text(1)}, {"data", text(1)}}, {"data"})},
      {"Job", job()},
      {"JobList",
       object({{"jobs", {{"type", "array"}, {"items", reference("Job")}}}, {"next_cursor", nullable(text())}},
              {"jobs", "next_cursor"})},
      {"Model", model()},
      {"ModelList",
       object({{"object", {{"const", "list"}}}, {"data", {{"type", "array"}, {"items", reference("Model")}}}},
              {"object", "data"})},
      {"Error", error()},
  };
}

}  // namespace sdw::http
