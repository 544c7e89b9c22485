#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "ops/running_op.h"
#include "support/stopwatch.h"

namespace sdw::ops {

// What an op multiplies in.
enum class Arithmetic { f32, bf16, int8 };
// For operands kept as bfloat16: widened to float32 where the CPU does not multiply it.
Arithmetic arithmetic_of_bf16();

// What one call of an op has to do.
struct OpCost {
  std::string op;     // "conv2d"
  std::string shape;  // "2x320x64x64 -> 320"
  Arithmetic arithmetic = Arithmetic::f32;
  double work = 0;        // of the definition, a multiply-add counted as two
  double multiplied = 0;  // of it what the kernel multiplies: Winograd saves three quarters
  double bytes = 0;       // of operands and result, each moved once
};

// All calls of one op with one shape.
struct OpTimes {
  OpCost cost;  // of one call
  std::int64_t calls = 0;
  double milliseconds = 0;
};

// Collects the times of all ops that the thread which made it calls as long as it lives. One at a time.
class OpProfile {
 public:
  OpProfile();
  ~OpProfile();
  OpProfile(const OpProfile&) = delete;
  OpProfile& operator=(const OpProfile&) = delete;

  // By op and shape.
  using Times = std::map<std::pair<std::string, std::string>, OpTimes>;
  const Times& times() const { return times_; }

 private:
  friend class OpTimer;
  void add(OpCost cost, double milliseconds);
  Times times_;
};

// The profile of this thread, or null.
OpProfile*& active_profile();

// An op from here to the end of the scope: a crash report names it as `running`, and it is timed if there is
// a profile; ops it calls are part of it. `describe()` returns the OpCost and is called only then.
class OpTimer {
 public:
  template <class Describe>
  OpTimer(const RunningOp& running, const Describe& describe)
      : running_(running), profile_(std::exchange(active_profile(), nullptr)) {
    if (profile_ != nullptr) cost_ = describe();
  }
  ~OpTimer() {
    if (profile_ == nullptr) return;
    profile_->add(std::move(cost_), watch_.milliseconds());
    active_profile() = profile_;
  }
  OpTimer(const OpTimer&) = delete;
  OpTimer& operator=(const OpTimer&) = delete;

 private:
  const RunningOpScope running_;
  OpProfile* profile_;
  OpCost cost_;
  Stopwatch watch_;
};

}  // namespace sdw::ops
