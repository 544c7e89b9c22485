#include <charconv>

#include "http/api.h"
#include "http/etag.h"
#include "http/job_error.h"
#include "io/picture.h"

namespace sdw::http {
namespace {

Response read_picture(jobs::AppState& app, Request& request, const std::string& id, std::string_view number) {
  const auto job = app.registry.find(id);
  if (!job) return job_error(app, job.error());
  request.job_id = id;
  const std::shared_ptr<const jobs::JobResult> result = (*job)->result();
  if (!result) {
    const bool ended = (*job)->ended();
    return error_response({ended ? ErrorCode::not_found : ErrorCode::conflict,
                           ended ? "This job made no picture." : "This job has not made its pictures yet."});
  }
  std::size_t index = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), index);
  if (failed != std::errc() || end != number.data() + number.size() || index >= result->pictures.size()) {
    return error_response({ErrorCode::not_found, "This job has no picture of that number."});
  }
  const jobs::ResultPicture& picture = result->pictures[index];
  Response response;
  response.headers.set("Content-Type", io::media_type(result->format));
  response.headers.set("Cache-Control", "private, max-age=86400, immutable");
  response.body =
      SharedBody{result, {reinterpret_cast<const char*>(picture.bytes.data()), picture.bytes.size()}};
  return with_etag(request, std::move(response), picture.etag);
}

}  // namespace

void add_picture_route(Router& router, const Api& api) {
  router.add({.method = Method::get,
              .pattern = "/v1/jobs/{id}/images/{n}",
              .handler = [&app = api.app](Request& request, const PathValues& values) -> Response {
                return read_picture(app, request, values.at("id"), values.at("n"));
              }});
}

}  // namespace sdw::http
