#include "ops/thread_pool.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>

#include "support/crash_context.h"
#include "support/signal_stack.h"

namespace sdw::ops {
namespace {

void pause_briefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

// Until `value` is no longer `old`: from one op of a model to the next it takes microseconds, so sleeping is
// not worth it at once.
std::uint32_t wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  constexpr int kSpins = 1000;  // some 20 us
  std::uint32_t now = value.load(std::memory_order_acquire);
  for (int i = 0; i < kSpins && now == old; ++i) {
    pause_briefly();
    now = value.load(std::memory_order_acquire);
  }
  while (now == old) {
    value.wait(old, std::memory_order_acquire);
    now = value.load(std::memory_order_acquire);
  }
  return now;
}

class ThreadPool {
 public:
  void run(std::size_t threads, const std::function<void(std::size_t)>& work) {
    if (threads < 2 || threads > kMostThreads || busy_.exchange(true, std::memory_order_acquire)) {
      return work(0);
    }
    const Release release{busy_};
    for (; started_ < threads; ++started_) std::thread([this, i = started_] { serve(i); }).detach();
    work_ = &work;
    context_ = crash_context();
    error_ = nullptr;
    working_.store(static_cast<std::uint32_t>(threads - 1), std::memory_order_relaxed);
    const std::uint32_t call = call_.load(std::memory_order_relaxed) / kCall + 1;
    call_.store(call * kCall + static_cast<std::uint32_t>(threads), std::memory_order_release);
    call_.notify_all();
    take_part(0);
    for (std::uint32_t left; (left = working_.load(std::memory_order_acquire)) != 0;) {
      wait_for_change(working_, left);
    }
    if (error_ != nullptr) std::rethrow_exception(error_);
  }

 private:
  // A call is its number and, in the lower bits, how many threads take part: read as one, for a thread that
  // takes no part may be late.
  static constexpr std::uint32_t kCall = 1U << 12;
  static constexpr std::size_t kMostThreads = kCall - 1;

  struct Release {
    std::atomic<bool>& busy;
    ~Release() { busy.store(false, std::memory_order_release); }
  };

  [[noreturn]] void serve(std::size_t thread) {
    use_signal_stack();
    for (std::uint32_t call = 0;;) {
      call = wait_for_change(call_, call);
      if (thread >= call % kCall) continue;
      crash_context() = context_;
      take_part(thread);
      crash_context() = {};
      if (working_.fetch_sub(1, std::memory_order_acq_rel) == 1) working_.notify_one();
    }
  }

  void take_part(std::size_t thread) {
    try {
      (*work_)(thread);
    } catch (...) {
      const std::lock_guard lock(error_mutex_);
      if (error_ == nullptr) error_ = std::current_exception();
    }
  }

  std::atomic<bool> busy_ = false;
  std::size_t started_ = 1;  // threads, the caller among them
  const std::function<void(std::size_t)>* work_ = nullptr;
  CrashContext context_;  // the caller's
  std::atomic<std::uint32_t> call_ = 0, working_ = 0;
  std::mutex error_mutex_;
  std::exception_ptr error_;
};

}  // namespace

void on_threads(std::size_t threads, const std::function<void(std::size_t thread)>& work) {
  static auto* const pool = new ThreadPool;  // never destroyed: its threads live as long as the process
  pool->run(threads, work);
}

}  // namespace sdw::ops
