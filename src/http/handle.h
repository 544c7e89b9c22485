#pragma once

#include <string_view>

#include "http/asio.h"
#include "http/http_metrics.h"
#include "http/router.h"
#include "http/settings.h"
#include "jobs/worker_pool.h"

namespace sdw::http {

// The threads of routes that do not run on the I/O thread.
struct WorkerPools {
  jobs::WorkerPool& intake;
  jobs::WorkerPool& readers;
};

// The handler's answer, from the thread that the route names; an exception becomes the error it carries, or a
// 500 that tells nothing.
Task<Response> handle(const Route& route, Request& request, const PathValues& values,
                      const WorkerPools& pools);

// Headers that every answer has: X-Request-Id, Server-Timing, CORS where it applies.
void finish_headers(const ServerSettings& settings, const Request& request, Response& response);

// Counts the exchange and logs it: method, route, status, time; never the request's content.
void record(HttpMetrics& metrics, const Request& request, std::string_view pattern, const Response& response);

}  // namespace sdw::http
