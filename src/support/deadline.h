#pragma once

#include <chrono>

namespace sdw {

// A point in time by which something must be done, passed by value. A default-made one never passes.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  Deadline() = default;
  static Deadline after(Clock::duration duration) { return Deadline(Clock::now() + duration); }

  bool passed() const { return at_ != Clock::time_point::max() && Clock::now() >= at_; }
  bool never() const { return at_ == Clock::time_point::max(); }
  Clock::time_point time() const { return at_; }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_ = Clock::time_point::max();
};

}  // namespace sdw
