#pragma once

#include <memory>
#include <string_view>

#include "contract/job_request.h"
#include "jobs/app_state.h"
#include "jobs/job.h"
#include "support/result.h"

namespace sdw::jobs {

struct Accepted {
  std::shared_ptr<Job> job;
  bool replayed = false;  // the Idempotency-Key was known
};

// POST /v1/jobs: parses, checks everything that can be known now, decodes the input pictures and queues the
// job. Takes as long as the pictures do: to be run on AppState::intake, where the body is large.
// `idempotency_key` "" is none. Errors: malformed_json, input_too_large, invalid_request, model_not_found,
// input_unreadable, queue_full, shutting_down, not_ready. Nothing is queued where there is one.
Result<Accepted> accept_job(AppState& app, std::string_view body, std::string_view idempotency_key);

// The same for a request that came in another form; `fingerprint` stands for its body.
Result<Accepted> accept_job(AppState& app, contract::JobRequest request, const IdempotencyKey& key);

}  // namespace sdw::jobs
