#include "ops/op_profile.h"

#include "kernels/cpu/panel_block.h"

namespace sdw::ops {

Arithmetic arithmetic_of_bf16() {
  return kernels::cpu::can_multiply(kernels::cpu::PanelType::bf16) ? Arithmetic::bf16 : Arithmetic::f32;
}

OpProfile*& active_profile() {
  thread_local OpProfile* profile = nullptr;
  return profile;
}

OpProfile::OpProfile() {
  active_profile() = this;
}

OpProfile::~OpProfile() {
  active_profile() = nullptr;
}

void OpProfile::add(OpCost cost, double milliseconds) {
  OpTimes& times = times_[{cost.op, cost.shape}];
  times.cost = std::move(cost);
  times.calls += 1;
  times.milliseconds += milliseconds;
}

}  // namespace sdw::ops
