#include "models/load_tasks.h"

#include <ATen/Parallel.h>
#include <atomic>

namespace sdw::models {

void LoadTasks::run(TakeMode mode) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&](std::int64_t, std::int64_t) {
    for (std::size_t i = next++; i < tasks_.size(); i = next++) tasks_[i]();
  };
  if (mode == TakeMode::check) {
    work(0, 1);
  } else {
    at::parallel_for(0, at::get_num_threads(), 1, work);
  }
  tasks_.clear();
}

}  // namespace sdw::models
