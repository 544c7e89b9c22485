#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "ops/precision.h"

namespace sdw::models {

// Bytes that so many weights of each type ("F16") take once they are prepared: known from a component's
// headers, before anything is allocated.
std::int64_t prepared_bytes(const std::map<std::string, std::int64_t>& parameters_by_dtype,
                            const ops::Placement& where);

}  // namespace sdw::models
