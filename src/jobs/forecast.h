#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "contract/job_document.h"
#include "jobs/generation_engine.h"
#include "jobs/request_queue.h"

namespace sdw::jobs {

struct AppState;

// How long in ms until each of the waiting jobs (in order, from the first) is done, from measured times of
// what is ahead of it; nothing from the first one on that was never measured.
std::vector<std::optional<std::int64_t>> waiting_etas(std::span<const RequestQueue::Entry> waiting,
                                                      const EngineLoad& load, const StepTimes& times,
                                                      const ModelStore& models, int max_batch);

// For a Retry-After of queue_full: when the next place in the queue is predicted to be free, 1 s to 10 min.
// Where nothing was measured, 5 s.
std::chrono::seconds retry_after(const AppState& app);

// Job::status() with the present position and eta filled in; far back in the queue no eta is known.
contract::JobStatus status_now(const AppState& app, const Job& job);
// Fills in position and eta of those that wait, with one look at the queue.
void add_forecasts(const AppState& app, std::span<contract::JobStatus> statuses);

}  // namespace sdw::jobs
