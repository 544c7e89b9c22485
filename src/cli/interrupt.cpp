#include "cli/interrupt.h"

#include <csignal>
#include <unistd.h>

namespace sdw::cli {
namespace {

CancelSource& source() {
  static CancelSource instance;
  return instance;
}

extern "C" void on_signal(int signal) {
  constexpr int kShellSignalBase = 128;
  if (source().token().cancelled()) _exit(kShellSignalBase + signal);
  source().cancel();
}

}  // namespace

CancelToken cancel_on_interrupt() {
  auto token = source().token();  // made before a handler can run
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  return token;
}

}  // namespace sdw::cli
