#include "jobs/cancel_job.h"

#include <utility>

namespace sdw::jobs {

Status cancel_job(AppState& app, Job& job, std::string reason) {
  if (!job.cancel(std::move(reason))) return Error{ErrorCode::conflict, "the job has ended"};
  app.queue.remove(job.id());
  app.wakeup.notify();
  return ok_status();
}

}  // namespace sdw::jobs
