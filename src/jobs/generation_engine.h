#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "jobs/job_registry.h"
#include "jobs/model_store.h"
#include "jobs/observer.h"
#include "jobs/request_queue.h"
#include "jobs/settings.h"
#include "jobs/step_times.h"
#include "jobs/wakeup.h"
#include "jobs/worker_pool.h"
#include "support/deadline.h"

namespace sdw::jobs {

// The parts the engine works with; all outlive it.
struct EngineParts {
  RequestQueue& queue;
  ModelStore& models;
  WorkerPool& encoders;
  StepTimes& times;
  Observer& observer;
  Wakeup& wakeup;
};

struct EngineLoad {
  std::size_t active_jobs = 0;
  std::size_t active_generations = 0;
  // Until the first, and until all of them are done; nothing where it was never measured.
  std::optional<std::int64_t> next_free_ms;
  std::optional<std::int64_t> busy_ms;
};

// Runs jobs on a thread of its own, one evaluation of the model at a time over a set of active generations.
// Those of equal shape and model share a call up to `max_batch`; a new one joins between two calls. The best
// rank is advanced first. A failing job ends by itself; the thread goes on.
class GenerationEngine {
 public:
  GenerationEngine(EngineParts parts, const EngineSettings& settings);
  ~GenerationEngine();  // as stop()

  void start();
  EngineLoad load() const;

  // Ends what waits with shutting_down, lets what runs go on until `deadline`, then ends that too with
  // shutting_down. `on_done` runs once, on the engine's thread, when no job is left. Close the queue first.
  void drain(Deadline deadline, std::function<void()> on_done);
  // Drains with no time left and joins the thread.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdw::jobs
