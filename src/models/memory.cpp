#include "models/memory.h"

#include <c10/core/ScalarType.h>

namespace sdw::models {

std::int64_t prepared_bytes(const WeightMap& weights, const ops::Placement& where) {
  return weights.parameters() * static_cast<std::int64_t>(c10::elementSize(where.dtype));
}

}  // namespace sdw::models
