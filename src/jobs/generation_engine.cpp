#include "jobs/generation_engine.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "jobs/affinity.h"
#include "jobs/forecast.h"
#include "jobs/generation_runner.h"
#include "support/exceptions.h"

namespace sdw::jobs {
namespace {

using Rank = RequestQueue::Rank;

constexpr std::size_t kLookahead = 256;  // waiting jobs that are looked at for one that can begin
constexpr std::size_t kAnnounced = 32;   // waiting jobs that are told of their position

Error shut_down() {
  return {ErrorCode::shutting_down, "the server is shutting down"};
}

}  // namespace

class GenerationEngine::Impl {
 public:
  Impl(EngineParts parts, const EngineSettings& settings)
      : parts_(parts),
        max_batch_(settings.max_batch),
        max_active_(static_cast<std::size_t>(std::max(settings.max_batch, settings.max_active))),
        affinity_(settings.affinity),
        runner_(parts.encoders, parts.times, parts.observer, parts.wakeup, settings.max_batch,
                [this] { return end_of_all(); }) {}

  void start() {
    thread_ = std::thread([this] { run(); });
  }
  void drain(Deadline deadline, std::function<void()> on_done);
  void stop();
  EngineLoad load() const {
    const std::lock_guard lock(mutex_);
    return load_;
  }

 private:
  void run();
  bool iterate();
  void sweep();
  std::optional<Error> end_of_all() const;
  void admit();
  bool admit_waiting(const ActiveJob* rival);
  bool admit_of_loaded(std::span<const RequestQueue::Entry> waiting, const ActiveJob* rival);
  bool has_room_for(const Rank& rank);
  void announce_positions();
  void publish_load();
  void report_drained();

  EngineParts parts_;
  const int max_batch_;
  const std::size_t max_active_;
  Affinity affinity_;
  GenerationRunner runner_;
  std::uint64_t announced_ = 0;  // the queue's changes() at the last announcement

  mutable std::mutex mutex_;  // guards the next four
  bool draining_ = false;
  Deadline drain_deadline_;
  std::function<void()> on_drained_;
  EngineLoad load_;

  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

void GenerationEngine::Impl::run() {
  bool worked = false;  // since the last wait
  while (!stopping_) {
    try {
      if (iterate()) {
        worked = true;
        continue;
      }
      if (std::exchange(worked, false)) parts_.models.release_memory();
    } catch (...) {
      // What a model throws does not get here: the engine itself has no memory left.
      runner_.fail_all(error_from_exception(std::current_exception()));
    }
    if (!stopping_) parts_.wakeup.wait_until(parts_.queue.next_deadline());
  }
}

// False where there is nothing to do until a wake-up.
bool GenerationEngine::Impl::iterate() {
  sweep();
  admit();
  announce_positions();
  publish_load();
  if (runner_.advance()) return true;
  publish_load();
  report_drained();
  return false;
}

void GenerationEngine::Impl::sweep() {
  for (const std::shared_ptr<Job>& job : parts_.queue.remove_overdue()) {
    job->fail({ErrorCode::deadline_exceeded, "the job was not begun within its timeout_s"});
  }
  runner_.sweep();
  bool draining = false;
  {
    const std::lock_guard lock(mutex_);
    draining = draining_;
  }
  if (!draining) return;
  for (const std::shared_ptr<Job>& job : parts_.queue.remove_all()) job->fail(shut_down());
}

// What is in flight ends so when the drain's time is over.
std::optional<Error> GenerationEngine::Impl::end_of_all() const {
  const std::lock_guard lock(mutex_);
  if (draining_ && drain_deadline_.passed()) return shut_down();
  return std::nullopt;
}

// A better rank than all in flight goes first, so it may exceed the bound by one.
bool GenerationEngine::Impl::has_room_for(const Rank& rank) {
  ActiveSet& active = runner_.active();
  if (active.generations() < max_active_) return true;
  return active.generations() == max_active_ && rank < active.best().owner->rank;
}

void GenerationEngine::Impl::admit() {
  while (true) {
    ActiveJob* rival = runner_.active().next_to_begin();
    if (rival != nullptr && runner_.active().generations() >= max_active_) rival = nullptr;
    if (admit_waiting(rival)) continue;
    if (rival == nullptr) return;
    runner_.begin_picture(*rival);
  }
}

// Begins the best job of a loaded model that may go before those whose models would have to take its place.
bool GenerationEngine::Impl::admit_of_loaded(std::span<const RequestQueue::Entry> waiting,
                                             const ActiveJob* rival) {
  const auto now = Affinity::Clock::now();
  affinity_.keep_only(waiting);
  std::vector<RequestQueue::Entry> passed;
  int priority = INT_MIN;  // the highest of those
  for (const RequestQueue::Entry& entry : waiting) {
    if (rival != nullptr && rival->rank < entry.rank) return false;
    if (!has_room_for(entry.rank)) return false;
    const Job& job = *entry.job;
    const contract::JobRequest& request = job.spec().request;
    const ModelStore::Place place = parts_.models.place(job.spec().model, request.variant);
    if (place == ModelStore::Place::displaces) {
      if (!affinity_.may_overtake(entry, now)) return false;
      passed.push_back(entry);
      priority = std::max(priority, request.priority);
      continue;
    }
    if (passed.empty()) return false;  // nobody to overtake: the queue's order
    if (place != ModelStore::Place::loaded || request.priority < priority) continue;
    ModelStore::Acquired acquired =
        parts_.models.acquire(job.spec().model, job.accepted_at(), request.variant);
    if (!acquired.lease || !parts_.queue.remove(job.id())) continue;
    affinity_.note_overtaken(passed, now);
    runner_.begin_job(entry.rank, entry.job, *std::move(acquired.lease));
    return true;
  }
  return false;
}

// Begins the best waiting job that can run, unless the rival's next picture comes before it. True where there
// may be another one.
bool GenerationEngine::Impl::admit_waiting(const ActiveJob* rival) {
  const std::vector<RequestQueue::Entry> waiting = parts_.queue.entries(kLookahead);
  if (affinity_.enabled() && admit_of_loaded(waiting, rival)) return true;
  // Jobs of these keep their order, even where the model is there by now.
  std::set<std::string> loading;
  const auto now = Affinity::Clock::now();
  for (const RequestQueue::Entry& entry : waiting) {
    if (rival != nullptr && rival->rank < entry.rank) return false;
    if (!has_room_for(entry.rank)) return false;
    Job& job = *entry.job;
    if (loading.contains(job.model_key())) continue;
    // What would take the place of another model is not asked for while that one is being loaded or is at
    // work: once it is asked for, no job of the other begins.
    if (affinity_.may_overtake(entry, now) &&
        parts_.models.place(job.spec().model, job.spec().request.variant) == ModelStore::Place::displaces) {
      if (!loading.empty()) continue;
      if (runner_.active().generations() >= max_active_) return false;
    }
    ModelStore::Acquired acquired =
        parts_.models.acquire(job.spec().model, job.accepted_at(), job.spec().request.variant);
    // Those behind a job that waits for memory wait too: they would keep it waiting for ever.
    if (acquired.wait == ModelStore::Wait::no_room) return false;
    if (acquired.wait == ModelStore::Wait::loading) {
      loading.insert(job.model_key());
      continue;
    }
    if (!parts_.queue.remove(job.id())) continue;  // cancelled just now
    if (acquired.error) {
      job.fail(*std::move(acquired.error));
      continue;
    }
    runner_.begin_job(entry.rank, entry.job, *std::move(acquired.lease));
    return true;
  }
  return false;
}

void GenerationEngine::Impl::announce_positions() {
  const std::uint64_t changes = parts_.queue.changes();
  if (std::exchange(announced_, changes) == changes) return;
  publish_load();
  const std::vector<RequestQueue::Entry> waiting = parts_.queue.entries(kAnnounced);
  const auto etas = waiting_etas(waiting, load(), parts_.times, parts_.models, max_batch_);
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    waiting[i].job->report_queued({static_cast<int>(i) + 1, etas[i]});
  }
}

void GenerationEngine::Impl::publish_load() {
  EngineLoad load;
  load.busy_ms = 0;
  ActiveSet& active = runner_.active();
  load.active_jobs = active.jobs().size();
  load.active_generations = active.generations();
  for (const auto& job : active.jobs()) {
    const std::optional<std::int64_t> remaining = job->begun > 0 ? runner_.remaining_ms(*job) : std::nullopt;
    if (!remaining || !load.busy_ms) {
      load.busy_ms.reset();
      load.next_free_ms.reset();
      break;
    }
    load.busy_ms = *load.busy_ms + *remaining;
    load.next_free_ms = std::min(load.next_free_ms.value_or(*remaining), *remaining);
  }
  const std::lock_guard lock(mutex_);
  load_ = load;
}

void GenerationEngine::Impl::report_drained() {
  if (runner_.encoding() > 0 || !runner_.active().empty() || parts_.queue.size() > 0) return;
  std::function<void()> on_drained;
  {
    const std::lock_guard lock(mutex_);
    on_drained = std::exchange(on_drained_, nullptr);
  }
  if (on_drained) on_drained();
}

void GenerationEngine::Impl::drain(Deadline deadline, std::function<void()> on_done) {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    drain_deadline_ = deadline;
    if (on_done) on_drained_ = std::move(on_done);
  }
  parts_.wakeup.notify();
}

void GenerationEngine::Impl::stop() {
  drain(Deadline::after({}), {});
  stopping_ = true;
  parts_.wakeup.notify();
  if (thread_.joinable()) thread_.join();
  sweep();
}

GenerationEngine::GenerationEngine(EngineParts parts, const EngineSettings& settings)
    : impl_(std::make_unique<Impl>(parts, settings)) {}

GenerationEngine::~GenerationEngine() {
  stop();
}

void GenerationEngine::start() {
  impl_->start();
}

EngineLoad GenerationEngine::load() const {
  return impl_->load();
}

void GenerationEngine::drain(Deadline deadline, std::function<void()> on_done) {
  impl_->drain(deadline, std::move(on_done));
}

void GenerationEngine::stop() {
  impl_->stop();
}

}  // namespace sdw::jobs
