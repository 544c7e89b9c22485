#pragma once

#include <cstdint>

#include "ops/precision.h"

namespace sdw::models {

// Bytes that so many weights take once they are prepared: known from a component's headers, before anything
// is allocated.
std::int64_t prepared_bytes(std::int64_t parameters, const ops::Placement& where);

}  // namespace sdw::models
