#pragma once

#include <span>
#include <vector>

#include "contract/job_request.h"
#include "request/field.h"

namespace sdw::contract {

// The fields of a JobRequest beside those of its SamplingOptions.
std::span<const request::Field<JobRequest>> request_fields();

// Every field of a request, in the order of the docs.
const std::vector<request::FieldInfo>& all_fields();

}  // namespace sdw::contract
