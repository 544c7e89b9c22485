#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "support/error.h"

namespace sdw::contract {

// {"error":{"message":str,"type":str,"param":str|null,"code":str}}, the one shape of every error.
nlohmann::json error_document(const Error& error);
std::string error_body(const Error& error);

// The message a client may see: that of an internal_error is a fixed one.
std::string_view public_message(const Error& error);

}  // namespace sdw::contract
