#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "contract/events.h"
#include "contract/job_document.h"
#include "contract/job_request.h"
#include "io/picture.h"
#include "jobs/event_log.h"
#include "jobs/job_result.h"
#include "support/deadline.h"
#include "support/error.h"

namespace sdw::jobs {

// The model in its variant, as one string: jobs of one key run on the same weights.
std::string model_key(const std::string& model, const contract::ModelVariant& variant);

struct InputPictures {
  std::shared_ptr<const io::Picture> input;  // image_transform, image_inpaint
  std::shared_ptr<const io::Picture> mask;   // image_inpaint
};

// What a job is made from; fixed for its life.
struct JobSpec {
  std::string id;
  contract::JobRequest request;  // without the text of its pictures
  std::string model;             // a known id
  std::uint64_t seed = 0;        // of the first picture
  InputPictures pictures;
  Deadline deadline;
};

// One accepted job: its state and its events. Every transition is ignored, and false, once the job has ended,
// so that each job has exactly one terminal event whoever comes first. Safe from any thread.
class Job {
 public:
  using Clock = std::chrono::steady_clock;

  Job(JobSpec spec, const EventSettings& events, std::function<void(const Job&)> on_ended = {});

  const std::string& id() const { return spec_.id; }
  const JobSpec& spec() const { return spec_; }  // without the pictures
  const std::string& model_key() const { return model_key_; }
  InputPictures pictures() const;  // until the job has ended
  Clock::time_point accepted_at() const { return accepted_at_; }
  contract::JobState state() const;
  bool ended() const;
  contract::JobStatus status() const;
  std::shared_ptr<const JobResult> result() const;  // null unless completed
  std::size_t bytes() const;                        // about what it takes in memory
  EventLog& events() { return events_; }
  const EventLog& events() const { return events_; }

  bool report_queued(const contract::QueuedEvent& event);
  bool report_loading(const contract::LoadingEvent& event);
  // `settings`: what the pictures are made with, defaults filled in; from now on part of the parameters.
  bool start(const contract::StartedEvent& event, int total_steps, const nlohmann::json& settings);
  bool report_progress(const contract::ProgressEvent& event);
  bool report_preview(const contract::PreviewEvent& event);
  bool complete(std::shared_ptr<const JobResult> result);
  bool fail(Error error);
  bool cancel(std::string reason);

  // Stream readers; `remove_reader` is true where the last one left a job that is to be cancelled then.
  void add_reader();
  [[nodiscard]] bool remove_reader();

 private:
  // What a job ends with; exactly one of the last three is set.
  struct End {
    contract::JobState state;
    contract::EventKind event;
    std::shared_ptr<const std::string> data;
    std::shared_ptr<const JobResult> result{};
    std::optional<Error> error{};
    std::string reason{};
  };
  bool end(End how);

  InputPictures pictures_;  // guarded by mutex_; taken out of the spec, so it comes first
  const JobSpec spec_;
  const std::string model_key_;
  const Clock::time_point accepted_at_ = Clock::now();
  const contract::Time created_at_ = std::chrono::system_clock::now();
  const std::function<void(const Job&)> on_ended_;
  EventLog events_;

  mutable std::mutex mutex_;
  contract::JobState state_ = contract::JobState::queued;
  std::shared_ptr<const nlohmann::json> parameters_;
  int position_ = 0;
  std::optional<std::int64_t> eta_ms_;
  int step_ = 0;
  int total_ = 0;
  std::optional<contract::Time> started_at_;
  std::optional<contract::Time> finished_at_;
  std::optional<Error> error_;
  std::string cancel_reason_;
  std::shared_ptr<const JobResult> result_;
  int readers_ = 0;
};

}  // namespace sdw::jobs
