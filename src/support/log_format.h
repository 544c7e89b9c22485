#pragma once

#include <memory>
#include <span>
#include <spdlog/formatter.h>
#include <string>

#include "support/log.h"

namespace sdw::log {

// The level of log::notice(): above all that can be set.
constexpr Level kNotice = Level::off;

// What a line says apart from time, level and thread. It is made by the thread that logs; formatter(), which
// may run on another one, adds the rest.
// text: `message name=value ...`; values with spaces, quotes or controls are quoted as JSON strings.
// json: the members from "message" on, everything escaped; bytes that are not UTF-8 become U+FFFD.
std::string payload(Format format, std::string_view message, std::span<const Field> fields);

// text: time, level, payload. json: one object a line with time (UTC), level, thread and the payload's
// members.
std::unique_ptr<spdlog::formatter> formatter(Format format);

}  // namespace sdw::log
