#pragma once

#include <prometheus/metric_family.h>
#include <string>
#include <vector>

#include "jobs/app_state.h"

namespace sdw::http {

// What is read when somebody asks: queue, jobs by state, models, memory, open files.
std::vector<prometheus::MetricFamily> read_gauges(jobs::AppState& app, const std::string& version);

}  // namespace sdw::http
