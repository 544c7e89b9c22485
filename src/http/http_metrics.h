#pragma once

#include <cstddef>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string>

namespace sdw::http {

// Counts of the HTTP side. Safe from any thread.
class HttpMetrics {
 public:
  explicit HttpMetrics(prometheus::Registry& registry);

  void answered(const std::string& method, const std::string& route, unsigned status);
  void took(const std::string& route, double seconds);
  void connections(std::size_t open) { connections_.Set(static_cast<double>(open)); }
  void stream_opened() { streams_.Increment(); }
  void stream_closed() { streams_.Decrement(); }

 private:
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& streams_;
};

}  // namespace sdw::http
