#include "jobs/event_log.h"

#include <algorithm>
#include <utility>

namespace sdw::jobs {
namespace {

using contract::EventKind;

bool is_preview(const Event& event) {
  return event.kind == EventKind::preview;
}

bool may_go(const Event& event) {
  return event.kind == EventKind::queued || event.kind == EventKind::loading ||
         event.kind == EventKind::progress;
}

}  // namespace

bool EventLog::append(EventKind kind, std::string data) {
  return append(kind, std::make_shared<const std::string>(std::move(data)));
}

bool EventLog::append(EventKind kind, std::shared_ptr<const std::string> data) {
  {
    const std::lock_guard lock(mutex_);
    if (finished_) return false;
    finished_ = contract::is_terminal(kind);
    bytes_ += data->size();
    if (kind == EventKind::preview) preview_bytes_ += data->size();
    events_.push_back({++last_id_, kind, std::move(data)});
    drop_stale();
  }
  const std::lock_guard lock(subscribers_mutex_);
  for (const auto& [id, wake] : subscribers_) wake();
  return true;
}

void EventLog::drop(std::deque<Event>::iterator at) {
  bytes_ -= at->data->size();
  if (is_preview(*at)) preview_bytes_ -= at->data->size();
  events_.erase(at);
}

void EventLog::drop_stale() {
  // The newest event stays, whatever its size.
  const auto oldest = [this](auto&& droppable) {
    return std::find_if(events_.begin(), events_.end() - 1, droppable);
  };
  while (preview_bytes_ > settings_.preview_bytes) {
    const auto at = oldest(is_preview);
    if (at == events_.end() - 1) break;
    drop(at);
  }
  while (events_.size() > settings_.per_job) {
    auto at = oldest(is_preview);
    if (at == events_.end() - 1) at = oldest(may_go);
    if (at == events_.end() - 1) break;
    drop(at);
  }
}

std::vector<Event> EventLog::read_after(std::uint64_t id, std::size_t max) const {
  const std::lock_guard lock(mutex_);
  const auto first =
      std::upper_bound(events_.begin(), events_.end(), id,
                       [](std::uint64_t after, const Event& event) { return after < event.id; });
  const auto available = static_cast<std::size_t>(events_.end() - first);
  return {first, first + static_cast<std::ptrdiff_t>(std::min(max, available))};
}

std::uint64_t EventLog::last_id() const {
  const std::lock_guard lock(mutex_);
  return last_id_;
}

std::size_t EventLog::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool EventLog::finished() const {
  const std::lock_guard lock(mutex_);
  return finished_;
}

EventLog::Subscription& EventLog::Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    log_ = std::exchange(other.log_, nullptr);
    id_ = other.id_;
  }
  return *this;
}

void EventLog::Subscription::reset() {
  if (log_ == nullptr) return;
  const std::lock_guard lock(log_->subscribers_mutex_);
  log_->subscribers_.erase(id_);
  log_ = nullptr;
}

EventLog::Subscription EventLog::subscribe(std::function<void()> wake) {
  Subscription subscription;
  const std::lock_guard lock(subscribers_mutex_);
  subscription.log_ = this;
  subscription.id_ = next_subscriber_++;
  subscribers_.emplace(subscription.id_, std::move(wake));
  return subscription;
}

std::size_t EventLog::subscribers() const {
  const std::lock_guard lock(subscribers_mutex_);
  return subscribers_.size();
}

}  // namespace sdw::jobs
