#pragma once

#include <atomic>
#include <memory>

#include "contract/limits.h"
#include "jobs/backend.h"
#include "jobs/generation_engine.h"
#include "jobs/job_registry.h"
#include "jobs/model_store.h"
#include "jobs/observer.h"
#include "jobs/request_queue.h"
#include "jobs/settings.h"
#include "jobs/step_times.h"
#include "jobs/wakeup.h"
#include "jobs/worker_pool.h"

namespace sdw::jobs {

// Everything the worker's parts share, in the order they are made; destroyed in reverse. Not movable.
struct AppState {
  // `backend` and `observer` outlive this.
  AppState(Backend& backend, Observer& observer, const Settings& settings, const contract::Limits& limits);
  ~AppState();

  const Settings settings;
  const contract::Limits limits;
  Backend& backend;
  Observer& observer;
  Wakeup wakeup;
  JobRegistry registry;
  RequestQueue queue;
  StepTimes times;
  ModelStore models;
  WorkerPool encoders;
  GenerationEngine engine;  // call engine.start() once the models are added
  WorkerPool intake;        // for accept_job(), off the I/O thread
  std::atomic<bool> draining{false};
};

}  // namespace sdw::jobs
