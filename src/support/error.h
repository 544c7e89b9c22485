#pragma once

#include <string>
#include <string_view>

namespace sdw {

// Every failure a caller can tell apart. `contract/` maps these to HTTP statuses, `cli/` to exit codes.
enum class ErrorCode {
  invalid_request,     // a value of the wrong type or range; Error::param names the field
  malformed_json,      // not JSON at all, or nested too deeply
  model_not_found,     // no model of that name or at that path
  model_invalid,       // a model folder or file that cannot be used: missing, malformed or misshapen parts
  input_unreadable,    // a picture that cannot be decoded
  input_too_large,     // a picture or body beyond its limit
  out_of_memory,       // the device or the host has too little memory
  device_unavailable,  // the asked-for device or instruction set is not there
  not_finite,          // NaN or infinity in latents or weights
  cancelled,
  deadline_exceeded,
  unauthorized,
  forbidden,
  not_found,  // route, job or picture
  method_not_allowed,
  conflict,  // the thing asked for is in another state
  expired,   // the result was there and has been dropped
  queue_full,
  shutting_down,
  not_ready,       // no model is loaded yet
  io_error,        // a file cannot be read or written
  internal_error,  // a bug; the message carries no detail
};

std::string_view to_string(ErrorCode code);

// What went wrong, for a person. `param` names the request field or file at fault, or is empty.
struct Error {
  ErrorCode code = ErrorCode::internal_error;
  std::string message;
  std::string param{};
};

}  // namespace sdw
