#pragma once

#include <chrono>
#include <map>
#include <span>

#include "jobs/request_queue.h"

namespace sdw::jobs {

// How long jobs of a loaded model may go before a waiting job whose model would have to take its place. The
// bound runs from the first time that a job is overtaken; after it the job keeps its rank. Not safe from
// several threads.
class Affinity {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Affinity(std::chrono::milliseconds bound) : bound_(bound) {}  // 0: none may be overtaken

  bool enabled() const { return bound_.count() > 0; }
  // Whether others may begin before this job.
  bool may_overtake(const RequestQueue::Entry& waiting, Clock::time_point now) const;
  // One of a lower rank has begun before these.
  void note_overtaken(std::span<const RequestQueue::Entry> passed, Clock::time_point now);
  // Forgets the jobs that no longer wait. `waiting`: the first ones of the queue, with all that were
  // overtaken.
  void keep_only(std::span<const RequestQueue::Entry> waiting);

 private:
  const std::chrono::milliseconds bound_;
  std::map<RequestQueue::Rank, Clock::time_point> overtaken_;  // since when
};

}  // namespace sdw::jobs
