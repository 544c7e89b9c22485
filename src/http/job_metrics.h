#pragma once

#include <mutex>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <set>

#include "jobs/observer.h"

namespace sdw::http {

// What jobs and models tell, as counters and histograms. Safe from any thread.
class JobMetrics final : public jobs::Observer {
 public:
  explicit JobMetrics(prometheus::Registry& registry);

  void job_accepted() override;
  void job_started(double queue_seconds) override;
  void job_ended(contract::JobState state, std::string_view error_code, double total_seconds) override;
  void step_done(const jobs::StepShape& shape, int batch, double seconds) override;
  void picture_made(std::size_t encoded_bytes, double decode_seconds, double encode_seconds) override;
  void model_loaded(std::string_view model, double seconds) override;
  void model_load_failed(std::string_view model, std::string_view error_code) override;
  void model_unloaded(std::string_view model) override;
  void result_expired(std::size_t bytes) override;
  void cache_looked_up(std::string_view cache, bool hit) override;

 private:
  std::string size_label(const jobs::StepShape& shape);

  prometheus::Counter& accepted_;
  prometheus::Family<prometheus::Counter>& ended_;
  prometheus::Histogram& queue_seconds_;
  prometheus::Histogram& job_seconds_;
  prometheus::Family<prometheus::Histogram>& step_seconds_;
  prometheus::Counter& pictures_;
  prometheus::Counter& picture_bytes_;
  prometheus::Histogram& decode_seconds_;
  prometheus::Histogram& encode_seconds_;
  prometheus::Family<prometheus::Counter>& loads_;
  prometheus::Family<prometheus::Counter>& load_failures_;
  prometheus::Family<prometheus::Counter>& unloads_;
  prometheus::Histogram& load_seconds_;
  prometheus::Counter& expired_;
  prometheus::Family<prometheus::Counter>& cache_lookups_;

  std::mutex mutex_;
  std::set<std::string> sizes_;
};

}  // namespace sdw::http
