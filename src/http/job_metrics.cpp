#include "http/job_metrics.h"

#include <fmt/format.h>

namespace sdw::http {
namespace {

using Buckets = prometheus::Histogram::BucketBoundaries;

const Buckets kShort = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const Buckets kLong = {0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600};
constexpr std::size_t kMaxSizes =
    64;  // clients choose sizes; a time series for each of 60000 would be too many

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name,
                                                  const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Histogram>& histograms(prometheus::Registry& registry, const char* name,
                                                      const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

}  // namespace

JobMetrics::JobMetrics(prometheus::Registry& registry)
    : accepted_(counters(registry, "sd_worker_jobs_accepted_total", "Jobs taken into the queue.").Add({})),
      ended_(counters(registry, "sd_worker_jobs_ended_total", "Jobs that ended, by state and error code.")),
      queue_seconds_(
          histograms(registry, "sd_worker_job_queue_seconds", "Time a job waited before it started.")
              .Add({}, kLong)),
      job_seconds_(histograms(registry, "sd_worker_job_seconds", "Time from a job's acceptance to its end.")
                       .Add({}, kLong)),
      step_seconds_(
          histograms(registry, "sd_worker_step_seconds", "Time of one UNet call, by model, size and batch.")),
      pictures_(counters(registry, "sd_worker_pictures_total", "Pictures made.").Add({})),
      picture_bytes_(
          counters(registry, "sd_worker_picture_bytes_total", "Bytes of encoded pictures.").Add({})),
      decode_seconds_(
          histograms(registry, "sd_worker_decode_seconds", "Time of one VAE decode.").Add({}, kShort)),
      encode_seconds_(histograms(registry, "sd_worker_encode_seconds", "Time to encode one picture file.")
                          .Add({}, kShort)),
      loads_(counters(registry, "sd_worker_model_loads_total", "Models loaded.")),
      load_failures_(counters(registry, "sd_worker_model_load_failures_total", "Model loads that failed.")),
      unloads_(counters(registry, "sd_worker_model_unloads_total", "Models unloaded.")),
      load_seconds_(
          histograms(registry, "sd_worker_model_load_seconds", "Time to load a model.").Add({}, kLong)),
      expired_(
          counters(registry, "sd_worker_results_expired_total", "Results dropped for age or space.").Add({})),
      cache_lookups_(
          counters(registry, "sd_worker_cache_lookups_total", "Look-ups of exact caches, by hit.")) {}

void JobMetrics::job_accepted() {
  accepted_.Increment();
}

void JobMetrics::job_started(double queue_seconds) {
  queue_seconds_.Observe(queue_seconds);
}

void JobMetrics::job_ended(contract::JobState state, std::string_view error_code, double total_seconds) {
  ended_.Add({{"state", std::string(contract::to_string(state))}, {"code", std::string(error_code)}})
      .Increment();
  job_seconds_.Observe(total_seconds);
}

std::string JobMetrics::size_label(const jobs::StepShape& shape) {
  std::string size = fmt::format("{}x{}", shape.width, shape.height);
  const std::lock_guard lock(mutex_);
  if (sizes_.contains(size)) return size;
  if (sizes_.size() >= kMaxSizes) return "other";
  sizes_.insert(size);
  return size;
}

void JobMetrics::step_done(const jobs::StepShape& shape, int batch, double seconds) {
  step_seconds_
      .Add({{"model", shape.model},
            {"size", size_label(shape)},
            {"guided", shape.guided ? "true" : "false"},
            {"batch", std::to_string(batch)}},
           kShort)
      .Observe(seconds);
}

void JobMetrics::picture_made(std::size_t encoded_bytes, double decode_seconds, double encode_seconds) {
  pictures_.Increment();
  picture_bytes_.Increment(static_cast<double>(encoded_bytes));
  decode_seconds_.Observe(decode_seconds);
  encode_seconds_.Observe(encode_seconds);
}

void JobMetrics::model_loaded(std::string_view model, double seconds) {
  loads_.Add({{"model", std::string(model)}}).Increment();
  load_seconds_.Observe(seconds);
}

void JobMetrics::model_load_failed(std::string_view model, std::string_view error_code) {
  load_failures_.Add({{"model", std::string(model)}, {"code", std::string(error_code)}}).Increment();
}

void JobMetrics::model_unloaded(std::string_view model) {
  unloads_.Add({{"model", std::string(model)}}).Increment();
}

void JobMetrics::result_expired(std::size_t) {
  expired_.Increment();
}

void JobMetrics::cache_looked_up(std::string_view cache, bool hit) {
  cache_lookups_.Add({{"cache", std::string(cache)}, {"hit", hit ? "true" : "false"}}).Increment();
}

}  // namespace sdw::http
