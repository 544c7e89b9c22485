#include "unit/jobs/worker.h"

#include <stdexcept>
#include <thread>

#include "contract/error_table.h"

namespace sdw::jobs {

using nlohmann::json;

Worker::Worker(const Settings& settings, const contract::Limits& limits)
    : app(backend, observer, settings, limits) {
  if (!app.models.add({"m", "/models/m"}).ok()) throw std::logic_error("model m");
}

Result<Accepted> Worker::try_submit(const json& fields, std::string_view key) {
  json body{{"operation", "image_generation"}, {"prompt", "x"}};
  body.update(fields);
  return accept_job(app, body.dump(), key);
}

std::shared_ptr<Job> Worker::submit(const json& fields) {
  return value_or_throw(try_submit(fields)).job;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

bool wait_ended(const Job& job) {
  return eventually([&] { return job.events().finished(); });
}

std::vector<Event> events_of(const Job& job) {
  return job.events().read_after(0, SIZE_MAX);
}

std::vector<std::string> names_of(const std::vector<Event>& events) {
  std::vector<std::string> names;
  for (const Event& event : events) names.emplace_back(to_string(event.kind));
  return names;
}

std::vector<json> data_of(const Job& job, contract::EventKind kind) {
  std::vector<json> out;
  for (const Event& event : events_of(job)) {
    if (event.kind == kind) out.push_back(json::parse(*event.data));
  }
  return out;
}

std::string outcome(const Job& job) {
  wait_ended(job);
  const contract::JobStatus status = job.status();
  std::string text(to_string(status.state));
  if (status.error) text += ": " + std::string(contract::error_entry(status.error->code).name);
  return text;
}

}  // namespace sdw::jobs
