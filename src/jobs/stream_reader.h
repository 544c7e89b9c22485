#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "jobs/app_state.h"
#include "jobs/event_log.h"
#include "jobs/job.h"

namespace sdw::jobs {

// One reader of a job's stream: a cursor and a wake-up. When the last reader of a job goes that asked for it
// (cancel_on_disconnect), the job is cancelled. Used by one thread; `app` outlives it.
class StreamReader {
 public:
  // `last_event_id` as the client sent it; anything but a number of this log replays from the start. `wake`
  // as EventLog::subscribe().
  StreamReader(AppState& app, std::shared_ptr<Job> job, std::string_view last_event_id,
               std::function<void()> wake);
  ~StreamReader();
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

  // The next events, up to `max`; empty: wait for `wake`, or all is read.
  std::vector<Event> read(std::size_t max = 64);
  // All was read and no more will come: write the closing line and end.
  bool at_end() const;
  // contract::closing_line() of this job. Precondition: at_end().
  std::string closing_line() const;
  const Job& job() const { return *job_; }

 private:
  AppState& app_;
  std::shared_ptr<Job> job_;
  std::uint64_t cursor_ = 0;
  EventLog::Subscription subscription_;
};

// Whether the job has ended and `last_event_id` is that of its last event: there is nothing left to read.
bool has_seen_all(const Job& job, std::string_view last_event_id);

}  // namespace sdw::jobs
