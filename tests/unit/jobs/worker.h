#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "jobs/accept_job.h"
#include "jobs/app_state.h"
#include "unit/jobs/fake_backend.h"

namespace sdw::jobs {

struct CountingObserver : Observer {
  void job_accepted() override { ++accepted; }
  void job_started(double) override { ++started; }
  void job_ended(contract::JobState, std::string_view, double) override { ++ended; }
  void step_done(const StepShape&, int, double) override { ++steps; }
  void picture_made(std::size_t, double, double) override { ++pictures; }
  void model_loaded(std::string_view, double) override { ++loaded; }
  void model_load_failed(std::string_view, std::string_view) override { ++load_failures; }
  void model_unloaded(std::string_view) override { ++unloaded; }
  void result_expired(std::size_t) override { ++expired; }

  std::atomic<int> accepted{0}, started{0}, ended{0}, steps{0}, pictures{0}, loaded{0}, load_failures{0},
      unloaded{0}, expired{0};
};

// A whole worker over the fake device: model "m" is there, more can be added before start().
struct Worker {
  explicit Worker(const Settings& settings = {}, const contract::Limits& limits = {});

  void start() { app.engine.start(); }
  // A job as a client would send it: `fields` over a generation of prompt "x".
  Result<Accepted> try_submit(const nlohmann::json& fields = nlohmann::json::object(),
                              std::string_view key = "");
  std::shared_ptr<Job> submit(const nlohmann::json& fields = nlohmann::json::object());

  FakeBackend backend;
  CountingObserver observer;
  AppState app;
};

// Polls until it holds; false after ten seconds.
bool eventually(const std::function<bool()>& condition);
bool wait_ended(const Job& job);

std::vector<Event> events_of(const Job& job);
std::vector<std::string> names_of(const std::vector<Event>& events);
std::vector<nlohmann::json> data_of(const Job& job, contract::EventKind kind);
// "completed", or "failed: <code>", or "cancelled".
std::string outcome(const Job& job);

}  // namespace sdw::jobs
