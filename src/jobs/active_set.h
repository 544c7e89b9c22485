#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "contract/events.h"
#include "jobs/backend.h"
#include "jobs/job.h"
#include "jobs/model_lease.h"
#include "jobs/request_queue.h"
#include "jobs/result_assembly.h"
#include "jobs/step_times.h"

namespace sdw::jobs {

// A job some of whose pictures are being made. Owned by the engine's thread.
struct ActiveJob {
  RequestQueue::Rank rank;
  std::shared_ptr<Job> job;
  ModelLease model;
  InputPictures pictures;
  std::shared_ptr<ResultAssembly> assembly;  // once the first picture was begun
  contract::Timings timings;
  StepShape shape;
  int steps = 0;       // of one picture
  int begun = 0;       // pictures
  int decoded = 0;     // pictures
  int steps_done = 0;  // of all pictures together

  int count() const { return job->spec().request.count; }
  int total_steps() const { return steps * count(); }
};

// One picture in flight.
struct ActiveGeneration {
  ActiveJob* owner = nullptr;
  int index = 0;  // which picture of the job
  std::unique_ptr<Generation> generation;
  int steps_seen = 0;        // of those the generation has done
  int evaluations_seen = 0;  // likewise
  double begin_ms = 0;
};

// The jobs and generations in flight, best rank first.
class ActiveSet {
 public:
  ActiveJob& add(ActiveJob job);
  void add(ActiveGeneration generation);
  void remove(const ActiveGeneration& generation);
  void remove(const ActiveJob& job);  // with its generations

  // The best job that has pictures left to begin; null: none.
  ActiveJob* next_to_begin();
  // The best generation that is done; null: none.
  ActiveGeneration* next_done();
  // The best generation and those that can share a call with it, up to `max_batch`. Precondition: not empty,
  // none is done.
  std::vector<ActiveGeneration*> next_batch(int max_batch);

  bool empty() const { return jobs_.empty(); }
  std::size_t generations() const { return generations_.size(); }
  const ActiveGeneration& best() const { return *generations_.front(); }
  std::span<const std::unique_ptr<ActiveJob>> jobs() const { return jobs_; }

 private:
  std::vector<std::unique_ptr<ActiveJob>> jobs_;
  std::vector<std::unique_ptr<ActiveGeneration>> generations_;
};

}  // namespace sdw::jobs
