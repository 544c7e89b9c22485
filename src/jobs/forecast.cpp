#include "jobs/forecast.h"

#include <algorithm>

#include "jobs/app_state.h"
#include "jobs/job_shape.h"

namespace sdw::jobs {

std::vector<std::optional<std::int64_t>> waiting_etas(std::span<const RequestQueue::Entry> waiting,
                                                      const EngineLoad& load, const StepTimes& times,
                                                      const ModelStore& models, int max_batch) {
  std::vector<std::optional<std::int64_t>> etas;
  std::optional<double> done_ms;
  if (load.busy_ms) done_ms = static_cast<double>(*load.busy_ms);
  for (const RequestQueue::Entry& entry : waiting) {
    const JobSpec& spec = entry.job->spec();
    const std::optional<ModelDescription> model = models.description(spec.model);
    std::optional<double> own_ms;
    if (model) {
      const JobShape shape = shape_of(spec, entry.job->pictures(), *model);
      own_ms = times.job_ms(shape.step, shape.steps, shape.pictures, max_batch);
    }
    done_ms = done_ms && own_ms ? std::optional(*done_ms + *own_ms) : std::nullopt;
    etas.push_back(done_ms ? std::optional(static_cast<std::int64_t>(*done_ms)) : std::nullopt);
  }
  return etas;
}

std::chrono::seconds retry_after(const AppState& app) {
  const std::optional<std::int64_t> next_free_ms = app.engine.load().next_free_ms;
  if (!next_free_ms) return std::chrono::seconds(5);
  return std::chrono::seconds(std::clamp<std::int64_t>((*next_free_ms + 999) / 1000, 1, 600));
}

contract::JobStatus status_now(const AppState& app, const Job& job) {
  contract::JobStatus status = job.status();
  status.position = status.state == contract::JobState::queued ? app.queue.position(job.id()) : std::nullopt;
  if (!status.position) return status;
  const auto waiting = app.queue.entries(static_cast<std::size_t>(*status.position));
  const auto etas =
      waiting_etas(waiting, app.engine.load(), app.times, app.models, app.settings.engine.max_batch);
  if (!etas.empty() && waiting.back().job->id() == job.id()) status.eta_ms = etas.back();
  return status;
}

}  // namespace sdw::jobs
