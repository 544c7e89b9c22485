#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sdw::jobs {

// Wakes one sleeping thread. A notify() before the wait is not lost; several count as one.
class Wakeup {
 public:
  void notify();
  void wait_until(std::chrono::steady_clock::time_point time);

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool notified_ = false;
};

}  // namespace sdw::jobs
