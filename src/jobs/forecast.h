#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "contract/job_document.h"
#include "jobs/app_state.h"
#include "jobs/job.h"

namespace sdw::jobs {

// How long until a waiting job is done, from measured times of what is ahead of it; nothing where those were
// never measured.
std::optional<std::int64_t> eta_ms(const AppState& app, const Job& job);

// For a Retry-After of queue_full, shutting_down and not_ready: when the next place in the queue is predicted
// to be free, 1 s..10 min.
std::chrono::seconds retry_after(const AppState& app);

// Job::status() with the present position and eta filled in.
contract::JobStatus status_now(const AppState& app, const Job& job);

}  // namespace sdw::jobs
