#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sdw::jobs {

// A few threads for short work that no other thread should wait for. Tasks must not throw.
class WorkerPool {
 public:
  WorkerPool(int threads, std::size_t max_waiting);
  ~WorkerPool();  // as close()

  // False, and the task is not taken, where too many wait or the pool is closed.
  [[nodiscard]] bool submit(std::function<void()> task);
  std::size_t waiting() const;
  // Runs what was taken, then ends the threads.
  void close();

 private:
  void run();

  const std::size_t max_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable condition_;
  std::deque<std::function<void()>> tasks_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sdw::jobs
