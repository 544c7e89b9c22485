#include "models/memory.h"

#include <c10/core/ScalarType.h>

namespace sdw::models {
namespace {

std::int64_t prepared_bytes_of_one(const std::string& dtype, const ops::Placement& where) {
  const auto as_placed = static_cast<std::int64_t>(c10::elementSize(where.dtype));
  if (!ops::takes_own_kernels(where)) return as_placed;
  // Our own kernels multiply float32 activations by narrower weights.
  if (where.precision == ops::Precision::exact) return dtype == "F16" || dtype == "BF16" ? 2 : as_placed;
  return ops::in_bytes(where) ? 1 : 2;
}

}  // namespace

std::int64_t prepared_bytes(const std::map<std::string, std::int64_t>& parameters_by_dtype,
                            const ops::Placement& where) {
  std::int64_t total = 0;
  for (const auto& [dtype, parameters] : parameters_by_dtype) {
    total += parameters * prepared_bytes_of_one(dtype, where);
  }
  return total;
}

}  // namespace sdw::models
