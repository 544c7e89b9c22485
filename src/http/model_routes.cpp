#include "contract/model_document.h"
#include "http/api.h"
#include "http/job_error.h"

namespace sdw::http {
namespace {

Response read_model(const jobs::AppState& app, unsigned status, const std::string& id) {
  const auto model = app.models.status(id);
  return model ? json_response(status, contract::model_document(*model)) : job_error(app, model.error());
}

Response begin(jobs::AppState& app, const std::string& id,
               Status (jobs::ModelStore::*request)(std::string_view)) {
  if (app.draining) return job_error(app, {ErrorCode::shutting_down, "The worker is shutting down."});
  const Status begun = (app.models.*request)(id);
  return begun ? read_model(app, 202, id) : job_error(app, begun.error());
}

}  // namespace

void add_model_routes(Router& router, const Api& api) {
  jobs::AppState& app = api.app;
  router.add({.method = Method::get,
              .pattern = "/v1/models",
              .handler = [&app](Request&, const PathValues&) -> Response {
                return json_response(200, contract::model_list(app.models.list()));
              },
              .runs_on = RunsOn::readers});
  router.add({.method = Method::get,
              .pattern = "/v1/models/{id}",
              .handler = [&app](Request&, const PathValues& values) -> Response {
                return read_model(app, 200, values.at("id"));
              }});
  router.add({.method = Method::post,
              .pattern = "/v1/models/{id}/load",
              .handler = [&app](Request&, const PathValues& values) -> Response {
                return begin(app, values.at("id"), &jobs::ModelStore::request_load);
              }});
  router.add({.method = Method::post,
              .pattern = "/v1/models/{id}/unload",
              .handler = [&app](Request&, const PathValues& values) -> Response {
                return begin(app, values.at("id"), &jobs::ModelStore::request_unload);
              }});
}

}  // namespace sdw::http
