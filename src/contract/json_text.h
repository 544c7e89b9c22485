#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "support/error.h"

namespace sdw::contract {

// JSON on one line; bytes that are not UTF-8 become U+FFFD, so that it never throws.
std::string json_text(const nlohmann::json& value);

// `object` with one more member whose value is JSON text already.
std::string with_member(std::string object, std::string_view name, std::string_view json);

// The message a client may see: that of an internal_error is a fixed one.
std::string_view public_message(const Error& error);

}  // namespace sdw::contract
