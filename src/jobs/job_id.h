#pragma once

#include <string>

namespace sdw::jobs {

// "job-" and a random UUID (RFC 9562, version 4).
std::string make_job_id();

}  // namespace sdw::jobs
