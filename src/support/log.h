#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

namespace sdw::log {

enum class Format { text, json };

// Sends every line to standard error from now on. `level` is a spdlog level name ("info", "debug", "off").
// Content of requests (prompts, pictures) may be logged at debug level only.
void configure(std::string_view level, Format format);

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

}  // namespace sdw::log
