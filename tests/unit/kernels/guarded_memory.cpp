#include "unit/kernels/guarded_memory.h"

#include <csetjmp>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <sys/mman.h>
#include <unistd.h>

#include "support/round_up.h"

namespace sdw::kernels::cpu {
namespace {

sigjmp_buf before_fault;

void leave(int) {
  siglongjmp(before_fault, 1);
}

}  // namespace

GuardedBytes::GuardedBytes(Guard guard, std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t inside = round_up(bytes, page);
  length_ = inside + 2 * page;
  void* const memory = ::mmap(nullptr, length_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::runtime_error("no memory with guard pages");
  pages_ = static_cast<std::byte*>(memory);
  std::memset(pages_, 0xFF, length_);
  if (::mprotect(pages_, page, PROT_NONE) != 0 || ::mprotect(pages_ + page + inside, page, PROT_NONE) != 0) {
    throw std::runtime_error("guard pages cannot be protected");
  }
  data_ = pages_ + page + (guard == Guard::after ? inside - bytes : 0);
}

GuardedBytes::~GuardedBytes() {
  ::munmap(pages_, length_);
}

bool touches_forbidden_memory(const std::function<void()>& body) {
  struct sigaction action {};
  struct sigaction segv {
  }, bus{};
  action.sa_handler = leave;
  ::sigaction(SIGSEGV, &action, &segv);
  ::sigaction(SIGBUS, &action, &bus);
  volatile bool faulted = true;
  if (sigsetjmp(before_fault, 1) == 0) {
    body();
    faulted = false;
  }
  ::sigaction(SIGSEGV, &segv, nullptr);
  ::sigaction(SIGBUS, &bus, nullptr);
  return faulted;
}

}  // namespace sdw::kernels::cpu
