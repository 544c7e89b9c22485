#include "support/crash_context.h"

#include <atomic>

#include "support/signal_stack.h"

namespace sdw {
namespace {

std::atomic<const CrashContext*> latest{nullptr};

// A handler on this thread sees what was written before in the order it was written.
void order_for_handlers() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace

CrashContext& crash_context() {
  thread_local CrashContext context;
  return context;
}

const CrashContext* latest_crash_context() {
  return latest.load(std::memory_order_relaxed);
}

RunningOpScope::RunningOpScope(const RunningOp& op) : op_(op), outer_(crash_context().op) {
  use_signal_stack();
  order_for_handlers();
  crash_context().op = &op_;
  latest.store(&crash_context(), std::memory_order_relaxed);
}

RunningOpScope::~RunningOpScope() {
  crash_context().op = outer_;
  order_for_handlers();
  if (outer_ != nullptr) return;
  const CrashContext* own = &crash_context();
  latest.compare_exchange_strong(own, nullptr, std::memory_order_relaxed);
}

ModelInUse::ModelInUse(const char* name, const char* precision) : outer_(crash_context()) {
  crash_context().model = name;
  crash_context().precision = precision;
}

ModelInUse::~ModelInUse() {
  crash_context() = outer_;
  order_for_handlers();
}

}  // namespace sdw
