#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jobs/job.h"
#include "jobs/settings.h"
#include "jobs/wakeup.h"
#include "support/result.h"

namespace sdw::jobs {

// Jobs that wait for the engine: bounded, higher priority first, first come first served within. Waiting
// raises a job's priority by one point each `ageing`; as all rise alike, the order of two jobs is fixed when
// they come
// (`Rank`), and the longest overtaking is 20 times `ageing`. Safe from any thread.
class RequestQueue {
 public:
  // Smaller goes first: the time of arrival moved by the priority, then the order of arrival.
  using Rank = std::pair<std::chrono::steady_clock::time_point, std::uint64_t>;
  struct Entry {
    Rank rank;
    std::shared_ptr<Job> job;
  };

  // `wakeup` is told of each push and of close().
  RequestQueue(const QueueSettings& settings, Wakeup& wakeup);

  // The position (1: next). Errors: queue_full, shutting_down.
  // `on_placed` is told the position before anybody can take the job; it must not call back.
  Result<int> push(std::shared_ptr<Job> job, const std::function<void(int position)>& on_placed = {});
  // Whether a push of a job with such pictures would be taken now. Errors as push().
  Status admits(const InputPictures& pictures) const;

  // Takes a job out. False where it is not here (any more).
  bool remove(std::string_view id);
  // Takes out the jobs that have ended or whose deadline has passed.
  std::vector<std::shared_ptr<Job>> remove_overdue();
  std::vector<std::shared_ptr<Job>> remove_all();

  std::optional<int> position(std::string_view id) const;
  std::size_t size() const;
  std::vector<Entry> entries(std::size_t max = SIZE_MAX) const;  // in order
  std::uint64_t changes() const;                                 // grows with each change
  // The earliest deadline of a waiting job, or never.
  std::chrono::steady_clock::time_point next_deadline() const;

  // No push is taken from now on.
  void close();
  bool closed() const;

 private:
  struct Waiting {
    std::shared_ptr<Job> job;
    std::size_t bytes;  // of its pictures
  };
  using Entries = std::map<Rank, Waiting>;
  std::shared_ptr<Job> erase(Entries::iterator at);
  Status admits_locked(std::size_t bytes) const;

  QueueSettings settings_;
  Wakeup& wakeup_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string, Rank> ranks_;
  std::size_t bytes_ = 0;
  std::uint64_t arrivals_ = 0;
  std::uint64_t changes_ = 0;
  bool closed_ = false;
};

}  // namespace sdw::jobs
