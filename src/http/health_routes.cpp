#include <nlohmann/json.hpp>

#include "contract/error_body.h"
#include "contract/json_text.h"
#include "http/api.h"
#include "http/job_error.h"

namespace sdw::http {
namespace {

using nlohmann::json;

Response not_ready(const jobs::AppState& app, const Error& error, const jobs::Readiness& readiness) {
  json body = contract::error_document(error);
  body["status"] = "not_ready";
  body["reason"] = error.message;
  body["loaded"] = readiness.loaded;
  body["model"] = readiness.model.empty() ? json(nullptr) : json(readiness.model);
  body["load_percent"] = readiness.load_percent;
  Response response = json_response(503, contract::json_text(body));
  add_retry_after(app, response);
  return response;
}

Response ready(const jobs::AppState& app) {
  const jobs::Readiness readiness = app.models.readiness();
  if (app.draining) {
    return not_ready(app, {ErrorCode::shutting_down, "The worker is shutting down."}, readiness);
  }
  if (!readiness.ready) return not_ready(app, {ErrorCode::not_ready, readiness.reason}, readiness);
  return json_response(200, json{{"status", "ready"}, {"loaded", readiness.loaded}}.dump());
}

}  // namespace

void add_health_routes(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/health",
              .handler = [](Request&, const PathValues&) -> Response {
                return json_response(200, R"({"status":"ok"})");
              },
              .open = true});
  router.add({.method = Method::get,
              .pattern = "/ready",
              .handler = [&app = api.app](Request&, const PathValues&) -> Response { return ready(app); },
              .open = true});
}

}  // namespace sdw::http
