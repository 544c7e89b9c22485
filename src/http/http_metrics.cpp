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
      streams_(prometheus::BuildGauge()
                   .Name("sd_worker_http_streams")
                   .Help("Job streams being read.")
                   .Register(registry)
                   .Add({})) {}

void HttpMetrics::answered(const std::string& method, const std::string& route, unsigned status) {
  requests_.Add({{"method", method}, {"route", route}, {"status", std::to_string(status)}}).Increment();
}

void HttpMetrics::took(const std::string& route, double seconds) {
  seconds_.Add({{"route", route}}, kSeconds).Observe(seconds);
}

}  // namespace sdw::http
