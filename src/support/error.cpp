#include "support/error.h"

namespace sdw {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_request:
      return "invalid_request";
    case ErrorCode::malformed_json:
      return "malformed_json";
    case ErrorCode::model_not_found:
      return "model_not_found";
    case ErrorCode::model_invalid:
      return "model_invalid";
    case ErrorCode::input_unreadable:
      return "input_unreadable";
    case ErrorCode::input_too_large:
      return "input_too_large";
    case ErrorCode::out_of_memory:
      return "out_of_memory";
    case ErrorCode::device_unavailable:
      return "device_unavailable";
    case ErrorCode::not_finite:
      return "not_finite";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::deadline_exceeded:
      return "deadline_exceeded";
    case ErrorCode::unauthorized:
      return "unauthorized";
    case ErrorCode::forbidden:
      return "forbidden";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::method_not_allowed:
      return "method_not_allowed";
    case ErrorCode::conflict:
      return "conflict";
    case ErrorCode::expired:
      return "expired";
    case ErrorCode::queue_full:
      return "queue_full";
    case ErrorCode::shutting_down:
      return "shutting_down";
    case ErrorCode::not_ready:
      return "not_ready";
    case ErrorCode::io_error:
      return "io_error";
    case ErrorCode::internal_error:
      return "internal_error";
  }
  return "internal_error";
}

}  // namespace sdw
