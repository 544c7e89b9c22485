#include "http/http_metrics.h"

namespace sdw::http {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                          0.05,   0.1,   0.25,   1,     5};

}  // namespace

HttpMetrics::HttpMetrics(prometheus::Registry& registry)
    : requests_(prometheus::BuildCounter()
                    .Name("sd_worker_http_requests_total")
                    .Help("Requests answered, by method, route and status.")
                    .Register(registry)),
      seconds_(
          prometheus::BuildHistogram()
              .Name("sd_worker_http_request_seconds")
              .Help("From the end of a request's headers to the end of its answer; streams are left out.")
              .Register(registry)),
      connections_(prometheus::BuildGauge()
                       .Name("sd_worker_http_connections")
                       .Help("Open connections.")
                       .Register(registry)
                       .Add({})),
      held_(prometheus::BuildGauge()
                .Name("sd_worker_http_held_bytes")
                .Help("Request bodies until they are decoded, and answers until they are written.")
                .Register(registry)
                .Add({})),
      streams_(prometheus::BuildGauge()
                   .Name("sd_worker_http_streams")
                   .Help("Job streams being read.")
                   .Register(registry)
                   .Add({})) {}

void HttpMetrics::answered(std::string_view method, std::string_view route, unsigned status) {
  const std::scoped_lock lock(mutex_);
  auto place = answered_.find(std::tie(method, route, status));
  if (place == answered_.end()) {
    const std::string status_text = std::to_string(status);
    auto& counter = requests_.Add(
        {{"method", std::string(method)}, {"route", std::string(route)}, {"status", status_text}});
    place = answered_.emplace(std::tuple(method, route, status), &counter).first;
  }
  place->second->Increment();
}

void HttpMetrics::took(std::string_view route, double seconds) {
  const std::scoped_lock lock(mutex_);
  auto place = took_.find(route);
  if (place == took_.end()) {
    place = took_.emplace(route, &seconds_.Add({{"route", std::string(route)}}, kSeconds)).first;
  }
  place->second->Observe(seconds);
}

}  // namespace sdw::http
