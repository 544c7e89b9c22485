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
  // A terminal that closes may send SIGHUP twice.
  if (source().token().cancelled() && signal != SIGHUP) _exit(kShellSignalBase + signal);
  source().cancel();
}

}  // namespace

CancelToken cancel_on_interrupt() {
  auto token = source().token();  // made before a handler can run
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction before {};
  sigaction(SIGHUP, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup ignores it
  return token;
}

}  // namespace sdw::cli
