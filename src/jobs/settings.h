#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sdw::jobs {

struct QueueSettings {
  std::size_t jobs = 64;            // waiting at once
  std::size_t bytes = 512u << 20;   // of their decoded input pictures together
  std::chrono::seconds ageing{30};  // waiting this long is worth one point of priority
};

struct EventSettings {
  std::size_t per_job = 4096;            // kept for replay
  std::size_t preview_bytes = 1u << 20;  // of previews kept for replay, one job
};

struct RetentionSettings {
  std::size_t result_bytes = 512u << 20;  // of all results together
  std::chrono::seconds result_age{3600};  // since the job ended
  std::size_t jobs = 10000;               // ended ones
  std::size_t expired_ids = 100000;       // remembered to tell 410 from 404
  std::size_t idempotency_keys = 10000;
};

struct EngineSettings {
  int max_batch = 1;   // generations in one UNet call
  int max_active = 0;  // generations in flight; 0: as many as max_batch
  // How long jobs of a loaded model may go before one whose model has to take its place; 0: not at all.
  std::chrono::milliseconds affinity{30'000};
};

struct ModelSettings {
  std::int64_t memory_limit_bytes = 0;           // of all loaded models together; 0: none
  std::chrono::seconds idle_unload{0};           // 0: never
  std::chrono::seconds retry_after_failure{30};  // until a failed model counts as ready again
};

struct Settings {
  QueueSettings queue;
  EventSettings events;
  RetentionSettings retention;
  EngineSettings engine;
  ModelSettings models;
  int intake_threads = 1;          // parse requests and decode their pictures
  int encoder_threads = 1;         // encode results
  std::size_t intake_tasks = 256;  // waiting for an intake thread
};

}  // namespace sdw::jobs
