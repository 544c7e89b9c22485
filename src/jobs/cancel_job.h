#pragma once

#include <string>

#include "jobs/app_state.h"
#include "jobs/job.h"
#include "support/result.h"

namespace sdw::jobs {

// Ends the job as cancelled: its streams are told at once, a waiting job leaves the queue, the device is free
// within one evaluation. Error: conflict where it has ended.
Status cancel_job(AppState& app, Job& job, std::string reason);

}  // namespace sdw::jobs
