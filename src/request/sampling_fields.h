#pragma once

#include <span>

#include "request/field.h"
#include "request/sampling_options.h"

namespace sdw::request {

// The fields of SamplingOptions. To add an option: its member, a row here, and the code that uses it.
std::span<const Field<SamplingOptions>> sampling_fields();

// The row of a name. Precondition: there is one.
const FieldInfo& sampling_field(std::string_view name);

}  // namespace sdw::request
