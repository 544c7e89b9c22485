#pragma once

#include <cstddef>
#include <string_view>

#include "contract/job_document.h"
#include "jobs/step_times.h"

namespace sdw::jobs {

// Told of what happens, for counters and histograms. Called from any thread; must return at once and not
// throw.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void job_accepted() {}
  virtual void job_started(double /*queue_seconds*/) {}
  virtual void job_ended(contract::JobState /*state*/, std::string_view /*error_code*/,
                         double /*total_seconds*/) {}
  virtual void step_done(const StepShape& /*shape*/, int /*batch*/, double /*seconds*/) {}
  virtual void picture_made(std::size_t /*encoded_bytes*/, double /*decode_seconds*/,
                            double /*encode_seconds*/) {}
  virtual void model_loaded(std::string_view /*model*/, double /*seconds*/) {}
  virtual void model_load_failed(std::string_view /*model*/, std::string_view /*error_code*/) {}
  virtual void model_unloaded(std::string_view /*model*/) {}
  virtual void result_expired(std::size_t /*bytes*/) {}
  virtual void cache_looked_up(std::string_view /*cache: "text_embeddings", "vae_latents"*/, bool /*hit*/) {}
};

}  // namespace sdw::jobs
