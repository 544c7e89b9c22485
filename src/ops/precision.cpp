#include "ops/precision.h"

#include <cstdlib>
#include <string_view>

#include "kernels/cpu/panel_block.h"

namespace sdw::ops {

bool in_bytes(const Placement& where) {
  return where.precision == Precision::int8 && kernels::cpu::can_multiply(kernels::cpu::PanelType::int8);
}

Precision at_least_16_bits(Precision precision) {
  return precision == Precision::int8 ? Precision::fast : precision;
}

Placement at_least_16_bits(Placement where) {
  where.precision = at_least_16_bits(where.precision);
  return where;
}

bool aten_forced() {
  static const bool forced = [] {
    const char* value = std::getenv("SD_WORKER_OPS");
    return value != nullptr && std::string_view(value) == "aten";
  }();
  return forced;
}

bool takes_own_kernels(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && !aten_forced();
}

bool takes_own_kernels(const Placement& where) {
  return where.device.is_cpu() && where.dtype == at::kFloat && !aten_forced();
}

}  // namespace sdw::ops
