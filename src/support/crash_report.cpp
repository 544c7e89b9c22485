#include "support/crash_report.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <unistd.h>

#include "support/crash_context.h"
#include "support/signal_stack.h"

namespace sdw {
namespace {

struct Named {
  int signal;
  const char* name;
};
constexpr std::array<Named, 4> kSignals{
    {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}}};

// One line of text. What does not fit is left out; no character can end it early. Safe in a signal handler.
class Line {
 public:
  void add(const char* text) {
    for (; *text != '\0' && size_ < kMost; ++text) {
      const auto byte = static_cast<unsigned char>(*text);
      text_[size_++] = byte < 0x20 || byte == 0x7F ? '?' : *text;
    }
  }
  void add(std::int64_t number) {
    std::array<char, 24> digits{};  // from the end; the last is the terminating zero
    std::size_t at = digits.size() - 1;
    std::uint64_t rest =
        number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    do {
      digits[--at] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (number < 0) digits[--at] = '-';
    add(&digits[at]);
  }
  // A pipe that is full is left alone: whoever does not read must not keep the process alive.
  void write() {
    constexpr int kPatienceMs = 100;
    text_[size_++] = '\n';
    pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&ready, 1, kPatienceMs) != 1 || (ready.revents & POLLOUT) == 0) return;
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text_.data(), size_);
  }

 private:
  static constexpr std::size_t kMost = 511;  // less than PIPE_BUF, so that it is written whole
  std::array<char, kMost + 1> text_{};
  std::size_t size_ = 0;
};

// Fixed before the handler is there.
using Text = std::array<char, 128>;
Text version, instruction_set, advice;

void copy(std::string_view from, Text& to) {
  const std::size_t size = std::min(from.size(), to.size() - 1);
  std::copy_n(from.data(), size, to.data());
  to[size] = '\0';
}

void add_op(Line& line, const RunningOp& op) {
  line.add(op.name);
  for (int i = 0; i < op.dimensions; ++i) {
    line.add(i == 0 ? " " : "x");
    line.add(op.shape[static_cast<std::size_t>(i)]);
  }
  if (op.outputs == 0) return;
  line.add(" -> ");
  line.add(op.outputs);
}

void add_context(Line& line) {
  const CrashContext* context = &crash_context();
  const char* relation = " in ";
  if (context->op == nullptr && context->model == nullptr) {
    if (const CrashContext* latest = latest_crash_context(); latest != nullptr) {
      context = latest;
      relation = " during ";
    }
  }
  if (context->op != nullptr) {
    line.add(relation);
    add_op(line, *context->op);
  } else {
    line.add(" outside of any op");
  }
  line.add(" (instruction set ");
  line.add(instruction_set.data());
  if (context->model != nullptr) {
    line.add(", precision ");
    line.add(context->precision);
    line.add(", model ");
    line.add(context->model);
  }
  line.add(", version ");
  line.add(version.data());
  line.add(")");
}

// All four signals are blocked meanwhile: a fault of the handler itself ends the process at once.
void on_crash(int signal) {
  static std::atomic_flag reported = ATOMIC_FLAG_INIT;
  if (reported.test_and_set()) {
    while (true) ::pause();  // another thread crashed first, and ends the process
  }
  Line line;
  line.add("sd-worker: crashed by ");
  for (const Named& known : kSignals) {
    if (known.signal == signal) line.add(known.name);
  }
  add_context(line);
  if (advice[0] != '\0') line.add("; ");
  line.add(advice.data());
  line.write();
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(signal, &by_default, nullptr);
  ::raise(signal);  // comes when the handler returns, with the registers of the fault
}

}  // namespace

void report_crashes(const CrashReportOptions& options) {
  copy(options.version, version);
  copy(options.instruction_set, instruction_set);
  copy(options.advice, advice);
  use_signal_stack();
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK;
  for (const Named& known : kSignals) ::sigaddset(&action.sa_mask, known.signal);
  for (const Named& known : kSignals) ::sigaction(known.signal, &action, nullptr);
}

}  // namespace sdw
