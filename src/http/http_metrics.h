#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string>
#include <string_view>
#include <tuple>

namespace sdw::http {

// Counts of the HTTP side. Safe from any thread.
class HttpMetrics {
 public:
  explicit HttpMetrics(prometheus::Registry& registry);

  void answered(std::string_view method, std::string_view route, unsigned status);
  void took(std::string_view route, double seconds);
  void connections(std::size_t open) { connections_.Set(static_cast<double>(open)); }
  // Of request bodies and answers together.
  void bytes_held(std::size_t bytes) { held_.Set(static_cast<double>(bytes)); }
  void stream_opened() { streams_.Increment(); }
  void stream_closed() { streams_.Decrement(); }

 private:
  // Looks a key up by views. clang 14 does not compile the standard library's comparison of unlike tuples.
  struct LabelLess {
    using is_transparent = void;
    using Labels = std::tuple<std::string_view, std::string_view, unsigned>;
    bool operator()(const Labels& a, const Labels& b) const { return a < b; }
  };

  // Counters found once: the library looks labels up by building and hashing a map of strings.
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, unsigned>, prometheus::Counter*, LabelLess> answered_;
  std::map<std::string, prometheus::Histogram*, std::less<>> took_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Histogram>& seconds_;
  prometheus::Gauge& connections_;
  prometheus::Gauge& held_;
  prometheus::Gauge& streams_;
};

}  // namespace sdw::http
