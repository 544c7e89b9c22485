#include "http/openapi.h"

#include <nlohmann/json.hpp>

#include "http/openapi_schemas.h"

namespace sdw::http {
namespace {

using nlohmann::json;

json reference(const std::string& name) {
  return {{"$ref", "#/components/schemas/" + name}};
}

json content(const char* type, json schema) {
  return {{type, {{"schema", std::move(schema)}}}};
}

json answers(const char* description, json body) {
  return {{"description", description}, {"content", std::move(body)}};
}

json answers_json(const char* description, const char* schema) {
  return answers(description, content("application/json", reference(schema)));
}

json refusal(const char* description) {
  return answers_json(description, "Error");
}

json with_retry_after(json response) {
  response["headers"]["Retry-After"] = {{"schema", {{"type", "string"}}},
                                        {"description", "Seconds to wait."}};
  return response;
}

json path_value(const char* name, const char* description) {
  return {{"name", name},
          {"in", "path"},
          {"required", true},
          {"schema", {{"type", "string"}}},
          {"description", description}};
}

json query(const char* name, json schema, const char* description) {
  return {{"name", name}, {"in", "query"}, {"schema", std::move(schema)}, {"description", description}};
}

const json kJobId = path_value("id", "The job_id that POST /v1/jobs gave.");
const json kModelId = path_value("id", "A known model's id.");

// What every route may answer beside its own.
json with_common(json responses, bool open) {
  responses["400"] = refusal("The request is not well-formed HTTP or JSON.");
  responses["403"] = refusal("The Host or Origin header is not one that may use this server.");
  if (!open) responses["401"] = refusal("A key is needed, and the one sent is not it.");
  return responses;
}

json operation(const char* id, const char* tag, const char* summary, json responses,
               json parameters = json::array()) {
  json made = {{"operationId", id},
               {"tags", {tag}},
               {"summary", summary},
               {"responses", with_common(std::move(responses), false)}};
  if (!parameters.empty()) made["parameters"] = std::move(parameters);
  return made;
}

json create_job() {
  json accepted = answers_json("The job is queued.", "Accepted");
  accepted["headers"]["Location"] = {{"schema", {{"type", "string"}}}, {"description", "The job."}};
  json made =
      operation("createJob", "Jobs", "Queue a job",
                {{"202", accepted},
                 {"404", refusal("There is no such model.")},
                 {"413", refusal("The body or a picture is too large.")},
                 {"415", refusal("The body is compressed.")},
                 {"422", refusal("A field is missing, of the wrong type or out of range; `param` names it.")},
                 {"429", with_retry_after(refusal("The queue is full."))},
                 {"503", with_retry_after(refusal("The worker shuts down, or no model is known."))}});
  made["description"] =
      "Unknown fields are ignored. With an `Idempotency-Key` header (255 characters at most) a repeated "
      "request gets the "
      "job it made before; the same key with another body is refused with 422.";
  made["requestBody"] = {{"required", true},
                         {"content", content("application/json", reference("JobRequest"))}};
  return made;
}

json list_jobs() {
  const json states = {{"type", "string"},
                       {"enum", {"queued", "running", "completed", "failed", "cancelled"}}};
  json made = operation(
      "listJobs", "Jobs", "Jobs, newest first, without their pictures",
      {{"200", answers_json("A page of jobs.", "JobList")}, {"422", refusal("A parameter is out of range.")}},
      {query("state", states, "Only jobs in this state."),
       query("limit", {{"type", "integer"}, {"minimum", 1}, {"maximum", 200}},
             "Jobs of a page at most; 50. Long prompts make it shorter."),
       query("cursor", {{"type", "string"}, {"pattern", "^[0-9]{0,18}$"}}, "The last page's next_cursor.")});
  return made;
}

json job_path() {
  const json gone = refusal("The job's result has expired.");
  const json unknown = refusal("There is no such job.");
  return {{"get",
           operation("readJob", "Jobs", "One job at this moment",
                     {{"200", answers_json("The job.", "Job")}, {"404", unknown}, {"410", gone}}, {kJobId})},
          {"delete",
           operation(
               "cancelJob", "Jobs", "Cancel a job",
               {{"202", answers_json("The job, cancelled: at once while queued, within a step while running.",
                                     "Job")},
                {"404", unknown},
                {"409", refusal("The job has ended already.")},
                {"410", gone}},
               {kJobId})}};
}

json stream_path() {
  json made =
      operation("streamJob", "Jobs", "The job's events as they come (Server-Sent Events)",
                {{"200", answers("Events.", content("text/event-stream", reference("StreamEvent")))},
                 {"204", {{"description", "The job has ended, and Last-Event-ID is its last event."}}},
                 {"404", refusal("There is no such job.")},
                 {"410", refusal("The job has expired.")}},
                {kJobId, query("last_event_id", {{"type", "string"}},
                               "Resume after this event, as the header Last-Event-ID does.")});
  made["description"] =
      "Events `queued`, `loading`, `started`, `progress`, `preview`, then one of `complete`, `error`, "
      "`cancelled`; each with "
      "an id and one line of JSON. The last data line has no event name: `[DONE]`, `[ERROR] message` or "
      "`[CANCELLED]`.";
  return {{"get", made}};
}

json picture_path() {
  json pictures;
  for (const char* type : {"image/png", "image/jpeg", "image/webp"}) pictures[type] = json::object();
  return {{"get", operation("readPicture", "Jobs", "A finished picture",
                            {{"200", answers("The picture's file.", pictures)},
                             {"304", {{"description", "The client has it (If-None-Match)."}}},
                             {"404", refusal("There is no such job or picture.")},
                             {"409", refusal("The job has not made its pictures yet.")},
                             {"410", refusal("The result has expired.")}},
                            {kJobId, path_value("n", "Which picture, from 0.")})}};
}

json model_command(const char* id, const char* summary) {
  return {{"post", operation(id, "Models", summary,
                             {{"202", answers_json("Begun.", "Model")},
                              {"404", refusal("There is no such model.")},
                              {"503", with_retry_after(refusal("The worker shuts down."))}},
                             {kModelId})}};
}

json plain_get(const char* id, const char* tag, const char* summary, const char* type, json schema) {
  return {{"get",
           operation(id, tag, summary, {{"200", answers("As asked.", content(type, std::move(schema)))}})}};
}

json open_get(const char* id, const char* summary, json responses) {
  json made = operation(id, "Worker", summary, json::object());
  made["responses"] = with_common(std::move(responses), true);
  made["security"] = json::array();
  return {{"get", made}};
}

json paths() {
  const json any = {{"type", "object"}};
  const json text = {{"type", "string"}};
  const json object_answer = answers("As asked.", content("application/json", any));
  const json not_ready = with_retry_after(answers("Not ready: the reason and how far a load has come.",
                                                  content("application/json", reference("Error"))));
  return {
      {"/v1/jobs", {{"post", create_job()}, {"get", list_jobs()}}},
      {"/v1/jobs/{id}", job_path()},
      {"/v1/jobs/{id}/stream", stream_path()},
      {"/v1/jobs/{id}/images/{n}", picture_path()},
      {"/v1/models",
       plain_get("listModels", "Models", "Known models", "application/json", reference("ModelList"))},
      {"/v1/models/{id}",
       {{"get", operation("readModel", "Models", "One model",
                          {{"200", answers_json("The model.", "Model")},
                           {"404", refusal("There is no such model.")}},
                          {kModelId})}}},
      {"/v1/models/{id}/load", model_command("loadModel", "Begin to load a model")},
      {"/v1/models/{id}/unload", model_command("unloadModel", "Unload a model once no job uses it")},
      {"/health", open_get("health", "200 as soon as the process listens", {{"200", object_answer}})},
      {"/ready",
       open_get("ready", "200 when a job would be served; `loaded` tells whether its model is in memory",
                {{"200", object_answer}, {"503", not_ready}})},
      {"/info",
       plain_get("info", "Worker", "Version, device, limits, capabilities", "application/json", any)},
      {"/metrics", plain_get("metrics", "Worker", "Prometheus text", "text/plain", text)},
      {"/openapi.json", plain_get("openapi", "Worker", "This document", "application/json", any)},
      {"/docs", plain_get("docs", "Worker", "This document for people", "text/html", text)},
      {"/", plain_get("page", "Worker", "The web page", "text/html", text)},
  };
}

}  // namespace

std::string openapi_document(const Api& api) {
  json document = {{"openapi", "3.1.0"},
                   {"info",
                    {{"title", "sd-worker"},
                     {"version", api.about.version},
                     {"description", "Stable Diffusion jobs over HTTP, with their progress as a stream."}}},
                   {"paths", paths()},
                   {"components", {{"schemas", openapi_schemas(api)}}}};
  if (!api.settings.api_key.empty()) {
    document["components"]["securitySchemes"]["key"] = {{"type", "http"}, {"scheme", "bearer"}};
    document["security"] = {{{"key", json::array()}}};
  }
  return document.dump();
}

}  // namespace sdw::http
