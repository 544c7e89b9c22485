#include "http/job_error.h"

#include "jobs/forecast.h"

namespace sdw::http {

Response job_error(const jobs::AppState& app, const Error& error) {
  Response response = error_response(error);
  if (response.status == 429 || response.status == 503) add_retry_after(app, response);
  return response;
}

void add_retry_after(const jobs::AppState& app, Response& response) {
  response.headers.set("Retry-After", std::to_string(jobs::retry_after(app).count()));
}

}  // namespace sdw::http
