#include "http/api.h"
#include "http/job_error.h"
#include "http/sse_writer.h"
#include "jobs/stream_reader.h"

namespace sdw::http {
namespace {

Response open_stream(jobs::AppState& app, HttpMetrics& metrics, Request& request, const std::string& id) {
  const auto job = app.registry.find(id);
  if (!job) return job_error(app, job.error());
  request.job_id = id;
  std::string last(request.headers["Last-Event-ID"]);
  if (const auto from_query = request.query_value("last_event_id"); from_query && last.empty()) {
    last = *from_query;
  }
  Response response;
  if (jobs::has_seen_all(**job, last)) {  // an EventSource that is answered so asks no more
    response.status = 204;
    return response;
  }
  response.headers.set("Content-Type", "text/event-stream");
  response.headers.set("X-Accel-Buffering", "no");
  response.body = job_events(app, metrics, *job, last);
  return response;
}

}  // namespace

void add_stream_route(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/v1/jobs/{id}/stream",
              .handler = [&app = api.app, &metrics = api.metrics](Request& request, const PathValues& values)
                  -> Response { return open_stream(app, metrics, request, values.at("id")); }});
}

}  // namespace sdw::http
