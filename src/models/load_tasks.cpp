#include "models/load_tasks.h"

#include <ATen/Parallel.h>
#include <atomic>
#include <utility>

#include "support/crash_context.h"

namespace sdw::models {

void LoadTasks::run(TakeMode mode) {
  std::atomic<std::size_t> next = 0;
  const CrashContext caller = crash_context();
  const auto work = [&](std::int64_t, std::int64_t) {
    const CrashContext own = std::exchange(crash_context(), caller);
    for (std::size_t i = next++; i < tasks_.size(); i = next++) tasks_[i]();
    crash_context() = own;
  };
  if (mode == TakeMode::check) {
    work(0, 1);
  } else {
    at::parallel_for(0, at::get_num_threads(), 1, work);
  }
  tasks_.clear();
}

}  // namespace sdw::models
