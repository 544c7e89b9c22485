#include <algorithm>
#include <charconv>

#include "contract/job_document.h"
#include "contract/split_document.h"
#include "http/api.h"
#include "http/job_error.h"
#include "jobs/accept_job.h"
#include "jobs/cancel_job.h"
#include "jobs/forecast.h"

namespace sdw::http {
namespace {

constexpr std::size_t kMaxKey = 255;
constexpr int kDefaultPage = 50;
constexpr int kMaxPage = 200;
constexpr std::size_t kPageBytes = 1 << 20;  // a page of long prompts has fewer jobs

Response create_job(jobs::AppState& app, Request& request) {
  const std::string key(request.headers["Idempotency-Key"]);
  if (key.size() > kMaxKey) {
    return error_response(
        {ErrorCode::invalid_request, "An Idempotency-Key has 255 characters at most.", "Idempotency-Key"});
  }
  const auto accepted = jobs::accept_job(app, request.body.view(), key);
  if (!accepted) return job_error(app, accepted.error());
  const std::string& id = accepted->job->id();
  request.job_id = id;
  Response response =
      json_response(202, contract::accepted_document(id, accepted->job->spec().request.warnings));
  response.headers.set("Location", "/v1/jobs/" + id);
  if (accepted->replayed) response.headers.set("Idempotent-Replayed", "true");
  return response;
}

Response read_job(jobs::AppState& app, Request& request, const std::string& id) {
  const auto job = app.registry.find(id);
  if (!job) return job_error(app, job.error());
  request.job_id = id;
  const contract::JobStatus status = jobs::status_now(app, **job);
  auto [before, after] = contract::split_document(status);
  Response response = json_response(200, {});
  const std::string_view result = status.result ? std::string_view(*status.result) : std::string_view();
  response.body = SharedBody{status.result, result, std::move(before), std::move(after)};
  return response;
}

Response delete_job(jobs::AppState& app, Request& request, const std::string& id) {
  const auto job = app.registry.find(id);
  if (!job) return job_error(app, job.error());
  request.job_id = id;
  const Status cancelled = jobs::cancel_job(app, **job, "cancelled by a client");
  if (!cancelled) return job_error(app, cancelled.error());
  return json_response(202, contract::job_document(jobs::status_now(app, **job)));
}

Result<int> page_size(const Request& request) {
  const auto text = request.query_value("limit");
  if (!text) return kDefaultPage;
  int limit = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), limit);
  if (failed != std::errc() || end != text->data() + text->size() || limit < 1 || limit > kMaxPage) {
    return Error{ErrorCode::invalid_request, "limit is a whole number from 1 to 200.", "limit"};
  }
  return limit;
}

Response list_jobs(jobs::AppState& app, const Request& request) {
  const auto limit = page_size(request);
  if (!limit) return error_response(limit.error());
  std::optional<contract::JobState> state;
  if (const auto name = request.query_value("state")) {
    state = contract::job_state_from_name(*name);
    if (!state) {
      return error_response({ErrorCode::invalid_request,
                             "state is one of queued, running, completed, failed, cancelled.", "state"});
    }
  }
  const std::string cursor(request.query_value("cursor").value_or(""));
  for (auto count = static_cast<std::size_t>(*limit);;) {
    auto page = app.registry.list(state, count, cursor);
    if (!page) return error_response(page.error());
    jobs::add_forecasts(app, page->jobs);
    std::string text = contract::job_list(page->jobs, page->next_cursor);
    const std::size_t got = page->jobs.size();
    if (text.size() <= kPageBytes || got <= 1) return json_response(200, std::move(text));
    count = std::max<std::size_t>(std::min(got * kPageBytes / text.size(), got - 1), 1);
  }
}

}  // namespace

void add_job_routes(Router& router, const Api& api) {
  jobs::AppState& app = api.app;
  router.add({.method = Method::post,
              .pattern = "/v1/jobs",
              .handler = [&app](Request& request, const PathValues&) { return create_job(app, request); },
              .runs_on = RunsOn::intake});
  router.add(
      {.method = Method::get,
       .pattern = "/v1/jobs",
       .handler = [&app](Request& request, const PathValues&) -> Response { return list_jobs(app, request); },
       .runs_on = RunsOn::readers});
  router.add({.method = Method::get,
              .pattern = "/v1/jobs/{id}",
              .handler = [&app](Request& request, const PathValues& values) -> Response {
                return read_job(app, request, values.at("id"));
              }});
  router.add({.method = Method::delete_,
              .pattern = "/v1/jobs/{id}",
              .handler = [&app](Request& request, const PathValues& values) -> Response {
                return delete_job(app, request, values.at("id"));
              }});
}

}  // namespace sdw::http
