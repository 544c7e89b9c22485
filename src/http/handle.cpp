#include "http/handle.h"

#include <fmt/format.h>
#include <vector>

#include "http/off_thread.h"
#include "http/origin.h"
#include "support/log.h"
#include "support/result.h"

namespace sdw::http {
namespace {

double milliseconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

// Probes come every few seconds and say nothing new.
bool is_probe(std::string_view pattern) {
  return pattern == "/health" || pattern == "/ready" || pattern == "/metrics";
}

Response answer(const Route& route, Request& request, const PathValues& values) {
  try {
    return route.handler(request, values);
  } catch (const ErrorException& exception) {
    return error_response(exception.error());
  } catch (const std::exception& exception) {
    log::unexpected(exception, exception.what(),
                    {{"route", route.pattern}, {"request_id", request.request_id}});
  }
  return error_response({ErrorCode::internal_error, ""});
}

}  // namespace

Task<Response> handle(const Route& route, Request& request, const PathValues& values,
                      const WorkerPools& pools) {
  if (route.runs_on == RunsOn::io_thread) co_return answer(route, request, values);
  jobs::WorkerPool& pool = route.runs_on == RunsOn::intake ? pools.intake : pools.readers;
  auto response = co_await run_off_thread(pool, [&] { return answer(route, request, values); });
  if (response) co_return std::move(*response);
  Response overloaded =
      error_response({ErrorCode::queue_full, "Too many requests wait to be read; try again later."});
  overloaded.headers.set("Retry-After", "1");
  co_return overloaded;
}

void finish_headers(const ServerSettings& settings, const Request& request, Response& response) {
  response.headers.set("X-Request-Id", request.request_id);
  const auto us = static_cast<std::uint64_t>(1000 * milliseconds_since(request.received));
  response.headers.set("Server-Timing", fmt::format("total;dur={}.{:02}", us / 1000, us / 10 % 100));
  add_cors_headers(request, settings.cors_origins, response);
}

void record(HttpMetrics& metrics, const Request& request, std::string_view pattern,
            const Response& response) {
  const std::string_view method = to_string(request.method);
  const std::string_view route = pattern.empty() ? "none" : pattern;
  const double ms = milliseconds_since(request.received);
  metrics.answered(method, route, response.status);
  if (!response.is_stream()) metrics.took(route, ms / 1000);
  const log::Level level = is_probe(pattern) ? log::Level::debug : log::Level::info;
  if (!log::enabled(level)) return;
  std::vector<log::Field> fields = {{"method", std::string(method)},
                                    {"route", std::string(route)},
                                    {"status", std::int64_t{response.status}},
                                    {"ms", ms},
                                    {"client", request.client},
                                    {"request_id", request.request_id}};
  if (!request.job_id.empty()) fields.push_back({"job_id", request.job_id});
  if (!request.trace_id.empty()) fields.push_back({"trace_id", request.trace_id});
  log::event(level, "request", fields);
}

}  // namespace sdw::http
