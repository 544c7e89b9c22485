#include "jobs/wakeup.h"

namespace sdw::jobs {

void Wakeup::notify() {
  {
    const std::lock_guard lock(mutex_);
    notified_ = true;
  }
  condition_.notify_one();
}

void Wakeup::wait_until(std::chrono::steady_clock::time_point time) {
  std::unique_lock lock(mutex_);
  // Some libraries overflow on the largest time point; a day is as good.
  const auto latest = std::chrono::steady_clock::now() + std::chrono::hours(24);
  condition_.wait_until(lock, std::min(time, latest), [this] { return notified_; });
  notified_ = false;
}

}  // namespace sdw::jobs
