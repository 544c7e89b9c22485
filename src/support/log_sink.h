#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <spdlog/sinks/sink.h>

#include "support/log.h"

namespace sdw::log {

// Writes lines to standard error, in colour where that is a terminal. A line that cannot be written is added
// to `unwritten`; once lines can be written again, one of them says how many were dropped. `on_flush` runs
// when everything before the flush has been written.
spdlog::sink_ptr standard_error_sink(Format format, std::atomic<std::uint64_t>& unwritten,
                                     std::function<void()> on_flush);

}  // namespace sdw::log
