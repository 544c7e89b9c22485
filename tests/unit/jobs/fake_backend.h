#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "jobs/backend.h"

namespace sdw::jobs {

// What a fake generation is made of; its picture follows from it, whoever shared its batches.
struct FakeState {
  std::uint64_t seed = 0;
  std::string prompt;
  int evaluations = 0;
};

// A device whose calls take real time and whose models are a few numbers. Prompts steer it: "begin-error",
// "begin-throw", "step-throw", "step-oom", "nan", "decode-error", "decode-throw" go wrong there; a sampler
// "heun" asks twice a step.
class FakeBackend : public Backend {
 public:
  using Clock = std::chrono::steady_clock;

  // Set before the work begins.
  std::atomic<std::chrono::microseconds> begin_time{};  // this and the decode may be stopped
  std::chrono::microseconds step_time{500};             // of a call, whatever its batch
  std::atomic<std::chrono::microseconds> decode_time{};
  std::chrono::milliseconds load_time{0};
  std::map<std::string, std::int64_t> memory;                  // bytes by the last part of the path; else 100
  std::set<std::string> broken;                                // models that fail to load
  std::function<void(const std::vector<FakeState>&)> on_step;  // before each call, on the engine's thread
  std::function<void()> on_decode;

  Result<ModelDescription> inspect(const std::filesystem::path& path, bool whole) override;
  Result<std::unique_ptr<LoadedModel>> load(const ModelSource& source,
                                            const std::function<void(int)>& on_progress,
                                            const CancelToken& cancel) override;
  void release_memory() override { ++releases; }
  const std::vector<std::string>& precisions() const override { return precisions_; }
  bool has_lora(std::string_view name) const override { return name == "ink"; }

  // What was done.
  std::atomic<int> inspections{0};
  std::atomic<int> loads{0};
  std::atomic<int> models_alive{0};
  std::atomic<int> releases{0};
  std::atomic<int> generations_alive{0};
  std::atomic<int> previews{0};
  std::atomic<int> long_calls{0};  // to begin or decode, where that takes time, as soon as they run
  std::vector<std::vector<std::uint64_t>> calls() const;  // the seeds of each step call
  void record(const std::vector<FakeState>& batch);

 private:
  const std::vector<std::string> precisions_ = {"exact", "int8"};
  mutable std::mutex mutex_;
  std::vector<std::vector<std::uint64_t>> calls_;
};

// Holds whoever passes until opened.
class Gate {
 public:
  void pass();
  void open();
  int waiting() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable condition_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace sdw::jobs
