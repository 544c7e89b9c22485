#pragma once

#include <memory>
#include <string>

#include "http/http_metrics.h"
#include "http/response.h"
#include "jobs/app_state.h"
#include "jobs/job.h"

namespace sdw::http {

// Writes a job's events from behind `last_event_id` on, as they come, with a comment whenever the stream was
// quiet for a heartbeat, and the closing line; ends early where the reader leaves or takes nothing for too
// long. The reader costs a cursor: what it has not taken stays in the job's log, which is bounded.
std::shared_ptr<StreamBody> job_events(jobs::AppState& app, HttpMetrics& metrics,
                                       std::shared_ptr<jobs::Job> job, std::string last_event_id);

}  // namespace sdw::http
