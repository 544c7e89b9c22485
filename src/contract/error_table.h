#pragma once

#include <span>
#include <string_view>

#include "support/error.h"

namespace sdw::contract {

// What a client sees of an ErrorCode: the one table of codes.
struct ErrorEntry {
  ErrorCode code;
  std::string_view name;  // "invalid_request", ...: the body's `code`
  int http_status;
  std::string_view type;  // the body's `type`: who has to act
  bool retryable;         // the same request may succeed later
};

std::span<const ErrorEntry> error_table();
const ErrorEntry& error_entry(ErrorCode code);

}  // namespace sdw::contract
