#include "contract/error_table.h"

#include <algorithm>

namespace sdw::contract {
namespace {

constexpr std::string_view kRequest = "invalid_request_error";  // the client has to change something
constexpr std::string_view kAccess = "authentication_error";
constexpr std::string_view kOverload = "overloaded_error";  // the client has to come back later
constexpr std::string_view kServer = "server_error";        // nothing the client can do

constexpr ErrorEntry kTable[] = {
    {ErrorCode::invalid_request, "invalid_request", 422, kRequest, false},
    {ErrorCode::malformed_json, "malformed_json", 400, kRequest, false},
    {ErrorCode::model_not_found, "model_not_found", 404, kRequest, false},
    {ErrorCode::model_invalid, "model_invalid", 500, kServer, false},
    {ErrorCode::input_unreadable, "input_unreadable", 422, kRequest, false},
    {ErrorCode::input_too_large, "input_too_large", 413, kRequest, false},
    {ErrorCode::out_of_memory, "out_of_memory", 503, kOverload, true},
    {ErrorCode::device_unavailable, "device_unavailable", 503, kServer, true},
    {ErrorCode::not_finite, "not_finite", 500, kServer, false},
    {ErrorCode::cancelled, "cancelled", 409, kRequest, false},
    {ErrorCode::deadline_exceeded, "deadline_exceeded", 504, kOverload, true},
    {ErrorCode::unauthorized, "unauthorized", 401, kAccess, false},
    {ErrorCode::forbidden, "forbidden", 403, kAccess, false},
    {ErrorCode::not_found, "not_found", 404, kRequest, false},
    {ErrorCode::method_not_allowed, "method_not_allowed", 405, kRequest, false},
    {ErrorCode::conflict, "conflict", 409, kRequest, false},
    {ErrorCode::expired, "expired", 410, kRequest, false},
    {ErrorCode::queue_full, "queue_full", 429, kOverload, true},
    {ErrorCode::shutting_down, "shutting_down", 503, kOverload, true},
    {ErrorCode::not_ready, "not_ready", 503, kOverload, true},
    {ErrorCode::io_error, "io_error", 500, kServer, true},
    {ErrorCode::internal_error, "internal_error", 500, kServer, false},
};

}  // namespace

std::span<const ErrorEntry> error_table() {
  return kTable;
}

const ErrorEntry& error_entry(ErrorCode code) {
  const auto* entry = std::find_if(std::begin(kTable), std::end(kTable),
                                   [code](const ErrorEntry& candidate) { return candidate.code == code; });
  return entry != std::end(kTable) ? *entry : error_entry(ErrorCode::internal_error);
}

}  // namespace sdw::contract
