#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "jobs/active_set.h"
#include "jobs/model_lease.h"
#include "jobs/observer.h"
#include "jobs/step_times.h"
#include "jobs/wakeup.h"
#include "jobs/worker_pool.h"

namespace sdw::jobs {

// Begins, advances and finishes the pictures of the active jobs, and tells those jobs. What a model throws
// ends the job it was thrown for. Used by the engine's thread only, but for encoding().
class GenerationRunner {
 public:
  // All outlive the runner. `wakeup` is told when a picture has been encoded. `end_of_all` gives the error
  // that everything in flight ends with, once there is one.
  GenerationRunner(WorkerPool& encoders, StepTimes& times, Observer& observer, Wakeup& wakeup, int max_batch,
                   std::function<std::optional<Error>()> end_of_all);
  ~GenerationRunner();  // waits for the encoders

  // A job that was waiting: begins its first picture.
  void begin_job(const RequestQueue::Rank& rank, std::shared_ptr<Job> job, ModelLease model);
  // One more picture of an active job. Precondition: one is left.
  void begin_picture(ActiveJob& active);
  // One decoded picture, or one evaluation of the model for the best batch. False where nothing is in flight.
  bool advance();
  // Fails the jobs past their deadline, and all at the end of all; lets go of those that have ended.
  void sweep();
  void fail_all(const Error& error);

  ActiveSet& active() { return active_; }
  // Until all pictures of a job are made; nothing before anything was measured.
  std::optional<std::int64_t> remaining_ms(const ActiveJob& active) const;
  int encoding() const { return encoding_; }  // pictures that the encoders have not done yet

 private:
  void finish(ActiveGeneration& done);
  void encode(ActiveJob& active, int index, io::Picture picture, double decode_ms);
  void step();
  void evaluate(std::span<ActiveGeneration* const> batch);
  void report_step(ActiveGeneration& one);
  void report_preview(ActiveGeneration& one, const contract::ProgressEvent& progress);
  void fail(ActiveJob& active, Error error);
  StopCheck stop_check(const Job& job) const;  // for calls into the model that take long
  void end_overdue(Job& job);

  WorkerPool& encoders_;
  StepTimes& times_;
  Observer& observer_;
  Wakeup& wakeup_;
  const int max_batch_;
  const std::function<std::optional<Error>()> end_of_all_;
  ActiveSet active_;
  std::atomic<int> encoding_{0};
};

}  // namespace sdw::jobs
