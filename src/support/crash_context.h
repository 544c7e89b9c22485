#pragma once

#include <array>
#include <cstdint>

namespace sdw {

// An op that is running. Plain values, so that a signal handler can read them.
struct RunningOp {
  const char* name = nullptr;           // static text
  std::array<std::int64_t, 4> shape{};  // of its input; of more dimensions, the first four
  int dimensions = 0;                   // of them
  std::int64_t outputs = 0;             // channels or features of the result; 0: those of the input
};

// What a thread is busy with, for the line that a crash writes. Null: nothing known.
struct CrashContext {
  const char* model = nullptr;
  const char* precision = nullptr;
  const RunningOp* op = nullptr;
};

// Of this thread. A thread that works for another takes a copy of that one's as long as it does.
CrashContext& crash_context();

// The context of the thread that began an op last, for threads that have none of their own (OpenMP's); null
// while no op runs.
const CrashContext* latest_crash_context();

// An op runs on this thread until the end of the scope. Ops may call others.
class RunningOpScope {
 public:
  explicit RunningOpScope(const RunningOp& op);
  ~RunningOpScope();
  RunningOpScope(const RunningOpScope&) = delete;
  RunningOpScope& operator=(const RunningOpScope&) = delete;

 private:
  const RunningOp op_;
  const RunningOp* const outer_;
};

// This thread works with the model until the end of the scope. Both texts outlive it.
class ModelInUse {
 public:
  ModelInUse(const char* name, const char* precision);
  ~ModelInUse();
  ModelInUse(const ModelInUse&) = delete;
  ModelInUse& operator=(const ModelInUse&) = delete;

 private:
  const CrashContext outer_;
};

}  // namespace sdw
