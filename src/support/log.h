#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <span>
#include <spdlog/common.h>
#include <string>
#include <string_view>
#include <variant>

// Nothing in here throws, and with Delivery::queued nothing waits for standard error: a line that cannot be
// queued or written is dropped and counted.
namespace sdw::log {

enum class Format { text, json };

// at_once: the caller writes its line itself. queued: the line goes into a bounded queue, which a thread
// writes out; when the queue is full, its oldest line makes room.
enum class Delivery { at_once, queued };

// Sends every line to standard error from now on. `level` is a spdlog level name ("info", "debug", "off").
// Content of requests (prompts, pictures) may be logged at debug level only. Throws std::system_error where
// there can be no thread.
void configure(std::string_view level, Format format, Delivery delivery = Delivery::at_once);

// Writes out what is queued, but gives up after `limit` (a pipe that nobody reads). Call it last in main().
void close(std::chrono::milliseconds limit) noexcept;

// Lines that were lost since the process began.
std::uint64_t dropped_lines() noexcept;

using Level = spdlog::level::level_enum;

// One named value of a line: `name=value` in text, a member of the object in JSON.
struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double> value;
};

// Whether a line of this level is written, for callers that would build its fields in vain.
bool enabled(Level level) noexcept;

// A line with fields: `log::event(log::Level::info, "job ended", {{"job_id", id}, {"ms", 12.5}})`.
void event(Level level, std::string_view message, std::span<const Field> fields) noexcept;
inline void event(Level level, std::string_view message, std::initializer_list<Field> fields) noexcept {
  event(level, message, std::span(fields.begin(), fields.size()));
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
  event(Level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
  event(Level::err, message, fields);
}

// A line that is written whatever the level: bare in text, of level "info" in JSON.
void notice(std::string_view message) noexcept;

// An exception that nobody expected: its type as an error, with fields. Its text, which may hold anything,
// goes out at debug level.
void unexpected(const std::exception& exception, std::string_view text,
                std::initializer_list<Field> fields = {}) noexcept;

}  // namespace sdw::log
