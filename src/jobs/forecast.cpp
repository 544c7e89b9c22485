#include "jobs/forecast.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "jobs/app_state.h"
#include "jobs/job_shape.h"

namespace sdw::jobs {
namespace {

// What is told of a job beyond these is told when it has come nearer: every ask costs a look at all before
// it.
constexpr std::size_t kForecastDepth = 256;

std::vector<std::optional<std::int64_t>> etas_of(const AppState& app,
                                                 std::span<const RequestQueue::Entry> waiting) {
  return waiting_etas(waiting, app.engine.load(), app.times, app.models, app.settings.engine.max_batch);
}

}  // namespace

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
  const auto ahead = static_cast<std::size_t>(*status.position);
  if (ahead > kForecastDepth) return status;
  const auto waiting = app.queue.entries(ahead);
  const auto etas = etas_of(app, waiting);
  if (!etas.empty() && waiting.back().job->id() == job.id()) status.eta_ms = etas.back();
  return status;
}

void add_forecasts(const AppState& app, std::span<contract::JobStatus> statuses) {
  const auto waiting = app.queue.entries(kForecastDepth);
  const auto etas = etas_of(app, waiting);
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < waiting.size(); ++i) places.emplace(waiting[i].job->id(), i);
  for (contract::JobStatus& status : statuses) {
    if (status.state != contract::JobState::queued) continue;
    const auto place = places.find(status.id);
    if (place == places.end()) {
      status.position = app.queue.position(status.id);
      continue;
    }
    status.position = static_cast<int>(place->second) + 1;
    if (etas[place->second]) status.eta_ms = etas[place->second];
  }
}

}  // namespace sdw::jobs
