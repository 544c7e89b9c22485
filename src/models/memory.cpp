#include "models/memory.h"

#include <c10/core/ScalarType.h>

namespace sdw::models {

std::int64_t prepared_bytes(std::int64_t parameters, const ops::Placement& where) {
  if (!where.device.is_cpu() || where.precision == ops::Precision::exact) {
    return parameters * static_cast<std::int64_t>(c10::elementSize(where.dtype));
  }
  // On the CPU, narrower weights multiply float32 activations.
  return parameters * (ops::in_bytes(where) ? 1 : 2);
}

}  // namespace sdw::models
