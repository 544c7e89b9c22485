#include "contract/job_document.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "contract/error_body.h"
#include "contract/error_table.h"
#include "contract/json_text.h"
#include "contract/split_document.h"

namespace sdw::contract {
namespace {

using nlohmann::json;

json time_or_null(const std::optional<Time>& time) {
  return time ? json(to_rfc3339(*time)) : json(nullptr);
}

json error_or_null(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return {{"message", public_message(*error)}, {"code", error_entry(error->code).name}};
}

// All but the result, which is JSON text already and may be large.
json fields_of(const JobStatus& status) {
  json fields{{"id", status.id},
              {"object", "job"},
              {"state", to_string(status.state)},
              {"model", status.model},
              {"seed", status.seed},
              {"priority", status.priority},
              {"position", nullptr},
              {"eta_ms", nullptr},
              {"step", status.step},
              {"total", status.total},
              {"created_at", to_rfc3339(status.created_at)},
              {"started_at", time_or_null(status.started_at)},
              {"finished_at", time_or_null(status.finished_at)},
              {"error", error_or_null(status.error)},
              {"sse_url", fmt::format("/v1/jobs/{}/stream", status.id)}};
  if (status.position) fields["position"] = *status.position;
  if (status.eta_ms) fields["eta_ms"] = *status.eta_ms;
  if (status.parameters) fields["parameters"] = *status.parameters;
  if (status.state == JobState::cancelled) fields["reason"] = status.cancel_reason;
  if (status.state == JobState::completed) {
    json urls = json::array();
    for (int i = 0; i < status.pictures; ++i) urls.push_back(image_url(status.id, i));
    fields["image_urls"] = std::move(urls);
  }
  return fields;
}

}  // namespace

std::string_view to_string(JobState state) {
  switch (state) {
    case JobState::queued:
      return "queued";
    case JobState::running:
      return "running";
    case JobState::completed:
      return "completed";
    case JobState::failed:
      return "failed";
    case JobState::cancelled:
      return "cancelled";
  }
  return "";
}

std::optional<JobState> job_state_from_name(std::string_view name) {
  for (const JobState state :
       {JobState::queued, JobState::running, JobState::completed, JobState::failed, JobState::cancelled}) {
    if (name == to_string(state)) return state;
  }
  return std::nullopt;
}

std::string job_document(const JobStatus& status) {
  const auto [before, after] = split_document(status);
  return before + (status.result ? *status.result : std::string()) + after;
}

SplitDocument split_document(const JobStatus& status) {
  std::string text = with_member(json_text(fields_of(status)), "result", status.result ? "" : "null");
  text.pop_back();
  return {std::move(text), "}"};
}

std::string job_list(std::span<const JobStatus> jobs, const std::optional<std::string>& next_cursor) {
  json entries = json::array();
  for (const JobStatus& job : jobs) entries.push_back(fields_of(job));
  return json_text(
      {{"jobs", std::move(entries)}, {"next_cursor", next_cursor ? json(*next_cursor) : json(nullptr)}});
}

std::string accepted_document(std::string_view job_id, std::span<const std::string> warnings) {
  json listed = json::array();
  for (const std::string& warning : warnings) listed.push_back(warning);
  return json_text({{"job_id", job_id},
                    {"sse_url", fmt::format("/v1/jobs/{}/stream", job_id)},
                    {"warnings", std::move(listed)}});
}

std::string to_rfc3339(Time time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds.count()), (ms - seconds).count());
}

}  // namespace sdw::contract
