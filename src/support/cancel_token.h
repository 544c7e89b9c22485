#pragma once

#include <atomic>
#include <memory>

namespace sdw {

// A shared flag, passed by value. A default-made token can never be cancelled and costs nothing.
class CancelToken {
 public:
  CancelToken() = default;
  bool cancelled() const { return flag_ && flag_->load(std::memory_order_relaxed); }

 private:
  friend class CancelSource;
  explicit CancelToken(std::shared_ptr<std::atomic<bool>> flag) : flag_(std::move(flag)) {}
  std::shared_ptr<std::atomic<bool>> flag_;
};

// The side that cancels. `cancel` is safe from any thread and from a signal handler.
class CancelSource {
 public:
  CancelSource();
  void cancel() noexcept { flag_->store(true, std::memory_order_relaxed); }
  CancelToken token() const { return CancelToken(flag_); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_;
};

}  // namespace sdw
