#pragma once

#include <memory>
#include <span>
#include <spdlog/formatter.h>

#include "support/log.h"

namespace sdw::log {

// One JSON object a line: time (UTC), level, thread, message, then the line's fields. Everything is escaped;
// bytes that are not UTF-8 become U+FFFD.
std::unique_ptr<spdlog::formatter> json_formatter();

// ` name=value` for each field; values with spaces, quotes or controls are quoted as JSON strings.
std::string text_fields(std::span<const Field> fields);

// The fields of the line that this thread is writing; the formatter reads them.
class CurrentFields {
 public:
  explicit CurrentFields(std::span<const Field> fields);
  ~CurrentFields();
  CurrentFields(const CurrentFields&) = delete;
  CurrentFields& operator=(const CurrentFields&) = delete;
};

}  // namespace sdw::log
