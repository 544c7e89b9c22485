#pragma once

#include <chrono>
#include <functional>

#include "jobs/app_state.h"

namespace sdw::jobs {

// No job is accepted from now on; waiting ones end with shutting_down, running ones have `drain` to finish.
// `on_done` runs once, on the engine's thread, when every job has had its terminal event. Only the first call
// counts.
void begin_shutdown(AppState& app, std::chrono::steady_clock::duration drain, std::function<void()> on_done);

}  // namespace sdw::jobs
