#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/job_document.h"
#include "jobs/job.h"
#include "jobs/settings.h"
#include "support/result.h"

namespace sdw::jobs {

class Observer;

struct JobPage {
  std::vector<contract::JobStatus> jobs;  // newest first
  std::optional<std::string> next_cursor;
};

struct JobCounts {
  std::size_t queued = 0, running = 0, completed = 0, failed = 0, cancelled = 0;  // known now
  std::size_t result_bytes = 0;
};

// The body of a request that came with an Idempotency-Key, in short.
struct IdempotencyKey {
  std::string key;          // empty: none
  std::string fingerprint;  // content_digest() of the body
};

// Every job that is known: waiting, running, and ended ones within the bounds of retention. Safe from any
// thread.
class JobRegistry {
 public:
  JobRegistry(const EventSettings& events, const RetentionSettings& retention, Observer& observer);
  ~JobRegistry();

  struct Created {
    std::shared_ptr<Job> job;
    bool replayed = false;  // the key was known: this is the job it made before
  };
  // Makes a job of `spec` under a new id and hands it to `enqueue`, or finds the one that the key made
  // before. Nothing is kept where `enqueue` fails; it must not call back. Errors: invalid_request (param
  // "Idempotency-Key") where the key came with another body before; those of `enqueue`.
  using Enqueue = std::function<Status(const std::shared_ptr<Job>& job)>;
  Result<Created> create(JobSpec spec, const IdempotencyKey& key, const Enqueue& enqueue);
  // As create(), without making one.
  Result<std::shared_ptr<Job>> find_replayed(const IdempotencyKey& key) const;

  // Errors: not_found, expired.
  Result<std::shared_ptr<Job>> find(std::string_view id);
  // `limit` 1..200. Error: invalid_request (param "cursor").
  Result<JobPage> list(std::optional<contract::JobState> state, std::size_t limit, std::string_view cursor);
  JobCounts counts() const;
  // All jobs that have not ended.
  std::vector<std::shared_ptr<Job>> unfinished() const;
  // Drops what is too old; also done by find() and list().
  void expire();

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the jobs' end hooks
};

}  // namespace sdw::jobs
