#pragma once

#include <cstdint>

#include "models/weights.h"
#include "ops/precision.h"

namespace sdw::models {

// Bytes that the prepared weights of a component take, known from its headers before anything is allocated.
std::int64_t prepared_bytes(const WeightMap& weights, const ops::Placement& where);

}  // namespace sdw::models
