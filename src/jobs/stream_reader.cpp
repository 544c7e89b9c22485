#include "jobs/stream_reader.h"

#include <charconv>
#include <utility>

#include "contract/error_body.h"
#include "jobs/cancel_job.h"

namespace sdw::jobs {
namespace {

std::uint64_t cursor_from(std::string_view last_event_id, const EventLog& log) {
  std::uint64_t id = 0;
  const char* end = last_event_id.data() + last_event_id.size();
  const auto [stop, error] = std::from_chars(last_event_id.data(), end, id);
  return error == std::errc() && stop == end && id <= log.last_id() ? id : 0;
}

contract::EventKind terminal_of(contract::JobState state) {
  switch (state) {
    case contract::JobState::completed:
      return contract::EventKind::complete;
    case contract::JobState::cancelled:
      return contract::EventKind::cancelled;
    default:
      return contract::EventKind::error;
  }
}

}  // namespace

StreamReader::StreamReader(AppState& app, std::shared_ptr<Job> job, std::string_view last_event_id,
                           std::function<void()> wake)
    : app_(app), job_(std::move(job)), cursor_(cursor_from(last_event_id, job_->events())) {
  job_->add_reader();
  subscription_ = job_->events().subscribe(std::move(wake));
}

StreamReader::~StreamReader() {
  subscription_.reset();
  if (!job_->remove_reader()) return;
  // It may just have ended; then there is nothing to cancel.
  static_cast<void>(cancel_job(app_, *job_, "the last reader has disconnected"));
}

std::vector<Event> StreamReader::read(std::size_t max) {
  std::vector<Event> events = job_->events().read_after(cursor_, max);
  if (!events.empty()) cursor_ = events.back().id;
  return events;
}

bool StreamReader::at_end() const {
  return job_->events().finished() && cursor_ >= job_->events().last_id();
}

std::string StreamReader::closing_line() const {
  const contract::JobStatus status = job_->status();
  return contract::closing_line(terminal_of(status.state),
                                status.error ? contract::public_message(*status.error) : "");
}

bool has_seen_all(const Job& job, std::string_view last_event_id) {
  const EventLog& log = job.events();
  return log.finished() && cursor_from(last_event_id, log) == log.last_id();
}

}  // namespace sdw::jobs
