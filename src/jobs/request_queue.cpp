#include "jobs/request_queue.h"

#include <algorithm>
#include <fmt/format.h>

namespace sdw::jobs {
namespace {

std::size_t byte_size(const InputPictures& pictures) {
  std::size_t bytes = 0;
  for (const auto& picture : {pictures.input, pictures.mask}) {
    if (picture) bytes += picture->pixels.size();
  }
  return bytes;
}

}  // namespace

RequestQueue::RequestQueue(const QueueSettings& settings, Wakeup& wakeup)
    : settings_(settings), wakeup_(wakeup) {}

Status RequestQueue::admits_locked(std::size_t bytes) const {
  if (closed_) return Error{ErrorCode::shutting_down, "the server is shutting down"};
  if (entries_.size() >= settings_.jobs) {
    return Error{ErrorCode::queue_full,
                 fmt::format("the queue is full: {} jobs are waiting", entries_.size())};
  }
  // One job may always wait, whatever its pictures take.
  if (!entries_.empty() && bytes_ + bytes > settings_.bytes) {
    return Error{ErrorCode::queue_full, "the queue is full: the waiting jobs' pictures take all its memory"};
  }
  return ok_status();
}

Status RequestQueue::admits(const InputPictures& pictures) const {
  const std::lock_guard lock(mutex_);
  return admits_locked(byte_size(pictures));
}

Result<int> RequestQueue::push(std::shared_ptr<Job> job, const std::function<void(int position)>& on_placed) {
  const std::size_t bytes = byte_size(job->pictures());
  int position = 0;
  {
    const std::lock_guard lock(mutex_);
    if (Status status = admits_locked(bytes); !status) return status.error();
    const auto head_start = settings_.ageing * job->spec().request.priority;
    const Rank rank{job->accepted_at() - head_start, ++arrivals_};
    ranks_.emplace(job->id(), rank);
    const auto at = entries_.emplace(rank, Waiting{std::move(job), bytes}).first;
    bytes_ += bytes;
    ++changes_;
    position = static_cast<int>(std::distance(entries_.begin(), at)) + 1;
    if (on_placed) on_placed(position);
  }
  wakeup_.notify();
  return position;
}

std::shared_ptr<Job> RequestQueue::erase(Entries::iterator at) {
  std::shared_ptr<Job> job = std::move(at->second.job);
  bytes_ -= at->second.bytes;
  ranks_.erase(job->id());
  entries_.erase(at);
  ++changes_;
  return job;
}

bool RequestQueue::remove(std::string_view id) {
  std::shared_ptr<Job> job;  // freed without the lock
  const std::lock_guard lock(mutex_);
  const auto rank = ranks_.find(std::string(id));
  if (rank == ranks_.end()) return false;
  job = erase(entries_.find(rank->second));
  return true;
}

std::vector<std::shared_ptr<Job>> RequestQueue::remove_overdue() {
  std::vector<std::shared_ptr<Job>> overdue;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto next = std::next(at);
    const Job& job = *at->second.job;
    if (job.ended() || job.spec().deadline.passed()) overdue.push_back(erase(at));
    at = next;
  }
  return overdue;
}

std::vector<std::shared_ptr<Job>> RequestQueue::remove_all() {
  std::vector<std::shared_ptr<Job>> all;
  const std::lock_guard lock(mutex_);
  while (!entries_.empty()) all.push_back(erase(entries_.begin()));
  return all;
}

std::optional<int> RequestQueue::position(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const auto rank = ranks_.find(std::string(id));
  if (rank == ranks_.end()) return std::nullopt;
  return static_cast<int>(std::distance(entries_.begin(), entries_.find(rank->second))) + 1;
}

std::size_t RequestQueue::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::vector<RequestQueue::Entry> RequestQueue::entries(std::size_t max) const {
  const std::lock_guard lock(mutex_);
  std::vector<Entry> out;
  out.reserve(std::min(max, entries_.size()));
  for (auto at = entries_.begin(); at != entries_.end() && out.size() < max; ++at) {
    out.push_back({at->first, at->second.job});
  }
  return out;
}

std::uint64_t RequestQueue::changes() const {
  const std::lock_guard lock(mutex_);
  return changes_;
}

std::chrono::steady_clock::time_point RequestQueue::next_deadline() const {
  const std::lock_guard lock(mutex_);
  auto earliest = std::chrono::steady_clock::time_point::max();
  for (const auto& [rank, waiting] : entries_) {
    earliest = std::min(earliest, waiting.job->spec().deadline.time());
  }
  return earliest;
}

void RequestQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wakeup_.notify();
}

bool RequestQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace sdw::jobs
