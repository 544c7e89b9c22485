#include "jobs/app_state.h"

#include <algorithm>

namespace sdw::jobs {
namespace {

// More pictures than this never wait for the encoders; beyond it the engine encodes for itself.
constexpr std::size_t kEncoderTasks = 64;

}  // namespace

AppState::AppState(Backend& with, Observer& told, const Settings& with_settings,
                   const contract::Limits& with_limits)
    : settings(with_settings),
      limits(with_limits),
      backend(with),
      observer(told),
      registry(settings.events, settings.retention, observer),
      queue(settings.queue, wakeup),
      models(backend, settings.models, observer, wakeup),
      encoders(settings.encoder_threads, kEncoderTasks),
      engine({queue, models, encoders, times, observer, wakeup}, settings.engine),
      intake(settings.intake_threads, settings.intake_tasks) {
  models.connect(
      [this](const std::string& key, int percent) {
        for (const RequestQueue::Entry& entry : queue.entries()) {
          Job& job = *entry.job;
          if (job.model_key() == key) job.report_loading({job.spec().model, percent});
        }
      },
      [this](const std::string& key) {
        const auto waiting = queue.entries();
        return std::any_of(waiting.begin(), waiting.end(),
                           [&](const RequestQueue::Entry& entry) { return entry.job->model_key() == key; });
      });
}

AppState::~AppState() {
  intake.close();
  queue.close();
  engine.stop();
  models.close();
}

}  // namespace sdw::jobs
