#include "cli/exit_code.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "cli/output.h"

namespace sdw::cli {

ExitCode exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
    case ErrorCode::device_unavailable:
      return kUsage;
    case ErrorCode::model_not_found:
    case ErrorCode::model_invalid:
      return kModel;
    case ErrorCode::input_unreadable:
    case ErrorCode::input_too_large:
      return kInput;
    case ErrorCode::out_of_memory:
      return kOutOfMemory;
    case ErrorCode::cancelled:
      return kInterrupted;
    default:
      return kFailure;
  }
}

ExitCode fail(const Error& error) {
  std::string line = error.message;
  // One line, and nothing that a terminal would obey, whatever the command line held.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, ' ');
  notify(fmt::format("sd-worker: {}\n", line));
  return exit_code(error.code);
}

}  // namespace sdw::cli
