// Stands before ops::on_threads, through which every kernel runs. FAULT names what happens in the kernel call
// of number FAULT_CALL, on the calling thread or, with FAULT_THREAD=1, on one of the pool.
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

extern "C" void __real__ZN3sdw3ops10on_threadsEmRKSt8functionIFvmEE(  // NOLINT(bugprone-reserved-identifier)
    std::size_t threads, const std::function<void(std::size_t)>& work);

namespace {

std::string_view setting(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void read_beyond_a_file() {
  char name[] = "/tmp/faulty_XXXXXX";
  const int file = ::mkstemp(name);
  ::unlink(name);
  const auto* const page = static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
  (void)*page;
}

// The stack ends long before.
int use_up_the_stack(int depth) {
  if (depth == 1 << 30) return 0;
  volatile char frame[4096];
  frame[0] = static_cast<char>(depth);
  return use_up_the_stack(depth + 1) + frame[0];
}

void crash(std::string_view fault) {
  if (fault == "overflow") use_up_the_stack(0);
  if (fault == "SIGSEGV") *static_cast<volatile int*>(nullptr) = 1;
  if (fault == "SIGBUS") read_beyond_a_file();
#if defined(__x86_64__)
  if (fault == "SIGILL") __asm__ volatile("ud2");
  volatile int seven = 7, zero = 0;  // a constant 1 would be divided by a comparison, which does not trap
  if (fault == "SIGFPE") zero = seven / zero;
#else  // division by zero is none there
  if (fault == "SIGILL") ::raise(SIGILL);
  if (fault == "SIGFPE") ::raise(SIGFPE);
#endif
}

}  // namespace

extern "C" void __wrap__ZN3sdw3ops10on_threadsEmRKSt8functionIFvmEE(  // NOLINT(bugprone-reserved-identifier)
    std::size_t threads, const std::function<void(std::size_t)>& work) {
  static std::atomic<int> calls = 0;
  static const int faulty_call = std::atoi(setting("FAULT_CALL").data());
  static const std::string_view fault = setting("FAULT"), thread_text = setting("FAULT_THREAD");
  if (++calls != faulty_call) return __real__ZN3sdw3ops10on_threadsEmRKSt8functionIFvmEE(threads, work);
  const std::size_t faulty_thread = thread_text == "1" ? 1 : 0;
  __real__ZN3sdw3ops10on_threadsEmRKSt8functionIFvmEE(2, [&](std::size_t thread) {
    if (thread == faulty_thread) crash(fault);
    while (thread != faulty_thread) ::pause();  // or the other thread's crash would not be needed
  });
}
