#include "jobs/job.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

namespace sdw::jobs {
namespace {

using contract::EventKind;
using contract::JobState;

bool is_end(JobState state) {
  return state != JobState::queued && state != JobState::running;
}

nlohmann::json parameters_of(const JobSpec& spec) {
  nlohmann::json parameters = contract::parameters(spec.request);
  parameters["model"] = spec.model;
  parameters["seed"] = spec.seed;
  return parameters;
}

// Takes the pictures out before the rest becomes const.
InputPictures take_pictures(JobSpec& spec) {
  return std::exchange(spec.pictures, {});
}

template <class Event>
std::shared_ptr<const std::string> shared_data(const Event& event) {
  return std::make_shared<const std::string>(contract::event_data(event));
}

}  // namespace

std::string model_key(const std::string& model, const contract::ModelVariant& variant) {
  std::string key = model;
  if (!variant.precision.empty()) key += '\n' + variant.precision;
  for (const contract::LoraRequest& lora : variant.loras) {
    key += fmt::format("\n{} {}", lora.name, lora.strength);
  }
  return key;
}

Job::Job(JobSpec spec, const EventSettings& events, std::function<void(const Job&)> on_ended)
    : pictures_(take_pictures(spec)),
      spec_(std::move(spec)),
      model_key_(jobs::model_key(spec_.model, spec_.request.variant)),
      on_ended_(std::move(on_ended)),
      events_(events),
      parameters_(std::make_shared<const nlohmann::json>(parameters_of(spec_))) {}

JobState Job::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Job::ended() const {
  return is_end(state());
}

InputPictures Job::pictures() const {
  const std::lock_guard lock(mutex_);
  return pictures_;
}

std::shared_ptr<const JobResult> Job::result() const {
  const std::lock_guard lock(mutex_);
  return result_;
}

std::size_t Job::bytes() const {
  const std::shared_ptr<const JobResult> kept = result();
  // A prompt is in the request and in the parameters; the document of a result is also the data of its event.
  const std::size_t text = spec_.request.prompt.size() + spec_.request.negative_prompt.value_or("").size();
  std::size_t bytes = 4096 + 2 * text + events_.bytes();
  if (kept) bytes += byte_size(*kept) - kept->document->size();
  return bytes;
}

contract::JobStatus Job::status() const {
  contract::JobStatus status;
  status.id = spec_.id;
  status.model = spec_.model;
  status.seed = spec_.seed;
  status.priority = spec_.request.priority;
  status.created_at = created_at_;
  const std::lock_guard lock(mutex_);
  status.parameters = parameters_;
  status.state = state_;
  if (state_ == JobState::queued && position_ > 0) status.position = position_;
  if (!is_end(state_)) status.eta_ms = eta_ms_;
  status.step = step_;
  status.total = total_;
  status.started_at = started_at_;
  status.finished_at = finished_at_;
  status.error = error_;
  status.cancel_reason = cancel_reason_;
  if (result_) {
    status.result = result_->document;
    status.pictures = static_cast<int>(result_->pictures.size());
  }
  return status;
}

// The reports below change the state first and append then, without the lock: whatever loses the race against
// the end of the job is refused by the log, which takes nothing after a terminal event.

bool Job::report_queued(const contract::QueuedEvent& event) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != JobState::queued) return false;
    eta_ms_ = event.eta_ms;
    if (std::exchange(position_, event.position) == event.position) return true;
  }
  return events_.append(EventKind::queued, contract::event_data(event));
}

bool Job::report_loading(const contract::LoadingEvent& event) {
  if (state() != JobState::queued) return false;
  return events_.append(EventKind::loading, contract::event_data(event));
}

bool Job::start(const contract::StartedEvent& event, int total_steps, const nlohmann::json& settings) {
  nlohmann::json parameters = parameters_of(spec_);
  parameters.update(settings);
  {
    const std::lock_guard lock(mutex_);
    if (state_ != JobState::queued) return false;
    parameters_ = std::make_shared<const nlohmann::json>(std::move(parameters));
    state_ = JobState::running;
    started_at_ = std::chrono::system_clock::now();
    total_ = total_steps;
    eta_ms_.reset();
  }
  return events_.append(EventKind::started, contract::event_data(event));
}

bool Job::report_progress(const contract::ProgressEvent& event) {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != JobState::running) return false;
    step_ = event.step;
    eta_ms_ = event.eta_ms;
  }
  return events_.append(EventKind::progress, contract::event_data(event));
}

bool Job::report_preview(const contract::PreviewEvent& event) {
  if (state() != JobState::running) return false;
  return events_.append(EventKind::preview, contract::event_data(event));
}

bool Job::complete(std::shared_ptr<const JobResult> result) {
  std::shared_ptr<const std::string> document = result->document;
  return end({.state = JobState::completed,
              .event = EventKind::complete,
              .data = std::move(document),
              .result = std::move(result)});
}

bool Job::fail(Error error) {
  std::shared_ptr<const std::string> data = shared_data(error);
  return end({.state = JobState::failed,
              .event = EventKind::error,
              .data = std::move(data),
              .error = std::move(error)});
}

bool Job::cancel(std::string reason) {
  std::shared_ptr<const std::string> data = shared_data(contract::CancelledEvent{reason});
  return end({.state = JobState::cancelled,
              .event = EventKind::cancelled,
              .data = std::move(data),
              .reason = std::move(reason)});
}

bool Job::end(End how) {
  InputPictures dropped;  // freed without the lock
  {
    const std::lock_guard lock(mutex_);
    if (is_end(state_)) return false;
    state_ = how.state;
    finished_at_ = std::chrono::system_clock::now();
    result_ = std::move(how.result);
    error_ = std::move(how.error);
    cancel_reason_ = std::move(how.reason);
    dropped = std::exchange(pictures_, {});
  }
  events_.append(how.event, std::move(how.data));
  if (on_ended_) on_ended_(*this);
  return true;
}

void Job::add_reader() {
  const std::lock_guard lock(mutex_);
  ++readers_;
}

bool Job::remove_reader() {
  const std::lock_guard lock(mutex_);
  return --readers_ == 0 && spec_.request.cancel_on_disconnect && !is_end(state_);
}

}  // namespace sdw::jobs
