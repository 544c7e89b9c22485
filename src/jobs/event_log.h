#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "contract/events.h"
#include "jobs/settings.h"

namespace sdw::jobs {

struct Event {
  std::uint64_t id = 0;  // 1, 2, ... in the order they happened; dropped ones leave a hole
  contract::EventKind kind = contract::EventKind::queued;
  std::shared_ptr<const std::string> data;  // one line of JSON, shared by all readers
};

// What happened to one job, in order, for any number of readers. A reader is a cursor (the id it saw last),
// so a slow one costs nothing. Beyond the bounds the oldest previews go first, then the oldest queued,
// loading and progress events; `started` and the terminal event stay. Safe from any thread.
class EventLog {
 public:
  explicit EventLog(const EventSettings& settings) : settings_(settings) {}

  // False, and nothing appended, once a terminal event is there.
  bool append(contract::EventKind kind, std::shared_ptr<const std::string> data);
  bool append(contract::EventKind kind, std::string data);

  // Up to `max` events with an id above `id`.
  std::vector<Event> read_after(std::uint64_t id, std::size_t max = 64) const;
  std::uint64_t last_id() const;
  std::size_t bytes() const;  // of all data that is kept
  // True once the terminal event is there: whoever has read up to last_id() has read all.
  bool finished() const;

  // Ends the subscription when destroyed; after that the callback is not running and never runs again.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept { *this = std::move(other); }
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { reset(); }
    void reset();

   private:
    friend class EventLog;
    EventLog* log_ = nullptr;
    std::uint64_t id_ = 0;
  };

  // `wake` runs on the appending thread after each append. It must return at once (post to an executor), must
  // not throw, and must not end a subscription; it may read. Subscribe first, then read, and nothing is
  // missed. The log has to outlive the subscription.
  [[nodiscard]] Subscription subscribe(std::function<void()> wake);
  std::size_t subscribers() const;

 private:
  void drop_stale();
  void drop(std::deque<Event>::iterator at);

  EventSettings settings_;
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t last_id_ = 0;
  std::size_t bytes_ = 0;
  std::size_t preview_bytes_ = 0;
  bool finished_ = false;

  mutable std::mutex subscribers_mutex_;
  std::map<std::uint64_t, std::function<void()>> subscribers_;
  std::uint64_t next_subscriber_ = 1;
};

}  // namespace sdw::jobs
