#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "contract/events.h"
#include "support/error.h"

namespace sdw::contract {

enum class JobState { queued, running, completed, failed, cancelled };

std::string_view to_string(JobState state);
std::optional<JobState> job_state_from_name(std::string_view name);

using Time = std::chrono::system_clock::time_point;

// One job at one moment.
struct JobStatus {
  std::string id;
  JobState state = JobState::queued;
  std::string model;
  std::uint64_t seed = 0;
  int priority = 0;
  std::optional<int> position{};         // while queued; 1: next
  std::optional<std::int64_t> eta_ms{};  // until done, while queued or running
  int step = 0;                          // of all pictures together
  int total = 0;                         // 0 before the job has started
  int pictures = 0;                      // made, where completed
  Time created_at{};
  std::optional<Time> started_at{};
  std::optional<Time> finished_at{};
  std::optional<Error> error{};  // failed
  std::string cancel_reason{};   // cancelled
  std::shared_ptr<const nlohmann::json> parameters{};
  std::shared_ptr<const std::string> result{};  // completed: the data of the complete event
};

// The body of GET /v1/jobs/{id}.
std::string job_document(const JobStatus& status);

// The body of GET /v1/jobs: the same entries without their results.
std::string job_list(std::span<const JobStatus> jobs, const std::optional<std::string>& next_cursor);

// The body of the 202 to POST /v1/jobs.
std::string accepted_document(std::string_view job_id, std::span<const std::string> warnings);

// RFC 3339, UTC, milliseconds: "2026-01-31T12:00:00.000Z".
std::string to_rfc3339(Time time);

}  // namespace sdw::contract
