#include "models/memory.h"

#include <c10/core/ScalarType.h>

namespace sdw::models {

std::int64_t prepared_bytes(const WeightMap& weights, const ops::Placement& where) {
  // On the CPU, 16-bit weights multiply float32 activations.
  const bool half = where.device.is_cpu() && where.precision != ops::Precision::exact;
  return weights.parameters() * static_cast<std::int64_t>(half ? 2 : c10::elementSize(where.dtype));
}

}  // namespace sdw::models
