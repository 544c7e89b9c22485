#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <spdlog/spdlog.h>
#include <string>
#include <string_view>
#include <variant>

namespace sdw::log {

enum class Format { text, json };

// Sends every line to standard error from now on. `level` is a spdlog level name ("info", "debug", "off").
// Content of requests (prompts, pictures) may be logged at debug level only.
void configure(std::string_view level, Format format);

using Level = spdlog::level::level_enum;

// One named value of a line: `name=value` in text, a member of the object in JSON.
struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double> value;
};

// Whether a line of this level is written, for callers that would build its fields in vain.
bool enabled(Level level);

// A line with fields: `log::event(log::Level::info, "job ended", {{"job_id", id}, {"ms", 12.5}})`.
void event(Level level, std::string_view message, std::span<const Field> fields);
inline void event(Level level, std::string_view message, std::initializer_list<Field> fields) {
  event(level, message, std::span(fields.begin(), fields.size()));
}

// An exception that nobody expected: its type as an error, with fields. Its text, which may hold anything,
// goes out at debug level.
void unexpected(const std::exception& exception, std::string_view text,
                std::initializer_list<Field> fields = {});

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

}  // namespace sdw::log
