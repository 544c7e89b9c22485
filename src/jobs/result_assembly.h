#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "contract/events.h"
#include "io/picture.h"
#include "jobs/job.h"
#include "jobs/job_result.h"
#include "jobs/observer.h"

namespace sdw::jobs {

// Collects the pictures of one job as they are encoded and ends the job with the last one. Safe from any
// thread.
class ResultAssembly {
 public:
  // Of a job that has started. `warnings` go after those of its request.
  ResultAssembly(std::shared_ptr<Job> job, const std::vector<std::string>& warnings, Observer& observer);

  // What the engine has measured so far; queue, text, denoise and decode.
  void set_timings(const contract::Timings& timings);
  // Encodes picture `index` and keeps it. Ends the job as completed after the last one, as failed where it
  // cannot be encoded or comes after the deadline. Does nothing once the job has ended.
  void add(int index, const io::Picture& picture, double decode_seconds);

 private:
  void complete();

  const std::shared_ptr<Job> job_;
  std::vector<std::string> warnings_;
  Observer& observer_;
  std::mutex mutex_;
  contract::Timings timings_;
  std::vector<std::optional<ResultPicture>> pictures_;
  std::size_t missing_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace sdw::jobs
