#include "jobs/job_registry.h"

#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "contract/error_table.h"
#include "jobs/job_id.h"
#include "jobs/observer.h"

namespace sdw::jobs {

using contract::JobState;
using Clock = std::chrono::steady_clock;

struct JobRegistry::State {
  State(const EventSettings& event_settings, const RetentionSettings& retention_settings, Observer& told)
      : events(event_settings), retention(retention_settings), observer(told) {}

  struct Ended {
    std::uint64_t number;
    Clock::time_point at;
    std::size_t bytes;
    JobState state;
  };
  struct Keyed {
    std::string id;
    std::string fingerprint;
  };

  std::shared_ptr<Job> find_locked(std::string_view id) const {
    const auto number = numbers.find(std::string(id));
    return number == numbers.end() ? nullptr : jobs.at(number->second);
  }

  Result<std::shared_ptr<Job>> find_replayed_locked(const IdempotencyKey& key) const {
    const auto known = keys.find(key.key);
    if (key.key.empty() || known == keys.end()) return std::shared_ptr<Job>();
    std::shared_ptr<Job> job = find_locked(known->second.id);
    if (job && known->second.fingerprint != key.fingerprint) {
      return Error{ErrorCode::invalid_request, "this key came with another request before",
                   "Idempotency-Key"};
    }
    return job;  // null where the job has expired: the key is free again
  }

  void remember_key_locked(const IdempotencyKey& key, const std::string& id) {
    if (key.key.empty()) return;
    if (keys.insert_or_assign(key.key, Keyed{id, key.fingerprint}).second) key_order.push_back(key.key);
    while (key_order.size() > retention.idempotency_keys) {
      keys.erase(key_order.front());
      key_order.pop_front();
    }
  }

  void remember_expired_locked(const std::string& id) {
    if (expired.insert(id).second) expired_order.push_back(id);
    while (expired_order.size() > retention.expired_ids) {
      expired.erase(expired_order.front());
      expired_order.pop_front();
    }
  }

  // Drops ended jobs, oldest first, down to the bounds; the newest stays whatever its size. What was dropped
  // is given back, to be freed without the lock.
  std::vector<std::shared_ptr<Job>> expire_locked() {
    std::vector<std::shared_ptr<Job>> dropped;
    const Clock::time_point now = Clock::now();
    const auto too_much = [&] {
      if (ended.empty()) return false;
      if (now - ended.front().at > retention.result_age) return true;
      return ended.size() > 1 && (ended_bytes > retention.result_bytes || ended.size() > retention.jobs);
    };
    while (too_much()) {
      const Ended oldest = ended.front();
      ended.pop_front();
      ended_bytes -= oldest.bytes;
      --ended_by_state[oldest.state];
      const auto at = jobs.find(oldest.number);
      remember_expired_locked(at->second->id());
      numbers.erase(at->second->id());
      dropped.push_back(std::move(at->second));
      jobs.erase(at);
      observer.result_expired(oldest.bytes);
    }
    return dropped;
  }

  void note_end(const Job& job) {
    const contract::JobStatus status = job.status();
    const std::string_view code =
        status.error ? contract::error_entry(status.error->code).name : std::string_view();
    observer.job_ended(status.state, code,
                       std::chrono::duration<double>(Clock::now() - job.accepted_at()).count());
    const std::size_t bytes = job.bytes();
    std::vector<std::shared_ptr<Job>> dropped;
    const std::lock_guard lock(mutex);
    const std::uint64_t number = numbers.at(job.id());
    unfinished.erase(number);
    ended.push_back({number, Clock::now(), bytes, status.state});
    ended_bytes += bytes;
    ++ended_by_state[status.state];
    dropped = expire_locked();
  }

  const EventSettings events;
  const RetentionSettings retention;
  Observer& observer;
  mutable std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<Job>> jobs;        // by number, in the order they came
  std::map<std::uint64_t, std::shared_ptr<Job>> unfinished;  // those of them that note_end() has not seen
  std::unordered_map<std::string, std::uint64_t> numbers;
  std::uint64_t last_number = 0;
  std::deque<Ended> ended;
  std::size_t ended_bytes = 0;
  std::map<JobState, std::size_t> ended_by_state;
  std::unordered_set<std::string> expired;
  std::deque<std::string> expired_order;
  std::unordered_map<std::string, Keyed> keys;
  std::deque<std::string> key_order;
};

JobRegistry::JobRegistry(const EventSettings& events, const RetentionSettings& retention, Observer& observer)
    : state_(std::make_shared<State>(events, retention, observer)) {}

JobRegistry::~JobRegistry() = default;

Result<JobRegistry::Created> JobRegistry::create(JobSpec spec, const IdempotencyKey& key,
                                                 const Enqueue& enqueue) {
  const std::lock_guard lock(state_->mutex);
  Result<std::shared_ptr<Job>> known = state_->find_replayed_locked(key);
  if (!known) return known.error();
  if (*known) return Created{std::move(known).value(), true};

  spec.id = make_job_id();
  const auto note_end = [weak = std::weak_ptr(state_)](const Job& job) {
    if (const std::shared_ptr<State> state = weak.lock()) state->note_end(job);
  };
  auto job = std::make_shared<Job>(std::move(spec), state_->events, note_end);
  // Under the lock: who comes with the same key sees the job either queued or not at all.
  if (Status status = enqueue(job); !status) return status.error();
  const std::uint64_t number = ++state_->last_number;
  state_->jobs.emplace(number, job);
  state_->unfinished.emplace(number, job);
  state_->numbers.emplace(job->id(), number);
  state_->remember_key_locked(key, job->id());
  return Created{std::move(job), false};
}

Result<std::shared_ptr<Job>> JobRegistry::find_replayed(const IdempotencyKey& key) const {
  const std::lock_guard lock(state_->mutex);
  return state_->find_replayed_locked(key);
}

Result<std::shared_ptr<Job>> JobRegistry::find(std::string_view id) {
  std::vector<std::shared_ptr<Job>> dropped;
  const std::lock_guard lock(state_->mutex);
  dropped = state_->expire_locked();
  if (std::shared_ptr<Job> job = state_->find_locked(id)) return job;
  if (state_->expired.contains(std::string(id))) {
    return Error{ErrorCode::expired, "this job has ended and its result is no longer kept"};
  }
  return Error{ErrorCode::not_found, "no such job"};
}

Result<JobPage> JobRegistry::list(std::optional<JobState> state, std::size_t limit, std::string_view cursor) {
  std::uint64_t before = UINT64_MAX;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), before);
    if (error != std::errc() || end != cursor.data() + cursor.size()) {
      return Error{ErrorCode::invalid_request, "cursor must be the next_cursor of a list", "cursor"};
    }
  }
  std::vector<std::shared_ptr<Job>> dropped;
  JobPage page;
  const std::lock_guard lock(state_->mutex);
  dropped = state_->expire_locked();
  std::uint64_t last = 0;
  const bool unfinished = state == JobState::queued || state == JobState::running;
  const auto& jobs = unfinished ? state_->unfinished : state_->jobs;
  for (auto at = jobs.lower_bound(before); at != jobs.begin();) {
    --at;
    if (state && at->second->state() != *state) continue;
    if (page.jobs.size() == limit) {
      page.next_cursor = std::to_string(last);
      break;
    }
    page.jobs.push_back(at->second->status());
    last = at->first;
  }
  return page;
}

JobCounts JobRegistry::counts() const {
  const std::lock_guard lock(state_->mutex);
  std::map<JobState, std::size_t> by_state = state_->ended_by_state;
  for (const auto& [number, job] : state_->unfinished) ++by_state[job->state()];
  return {.queued = by_state[JobState::queued],
          .running = by_state[JobState::running],
          .completed = by_state[JobState::completed],
          .failed = by_state[JobState::failed],
          .cancelled = by_state[JobState::cancelled],
          .result_bytes = state_->ended_bytes};
}

std::vector<std::shared_ptr<Job>> JobRegistry::unfinished() const {
  std::vector<std::shared_ptr<Job>> out;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [number, job] : state_->unfinished) {
    if (!job->ended()) out.push_back(job);
  }
  return out;
}

void JobRegistry::expire() {
  std::vector<std::shared_ptr<Job>> dropped;
  const std::lock_guard lock(state_->mutex);
  dropped = state_->expire_locked();
}

}  // namespace sdw::jobs
