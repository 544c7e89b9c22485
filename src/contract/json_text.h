#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace sdw::contract {

// JSON on one line; bytes that are not UTF-8 become U+FFFD, so that it never throws.
std::string json_text(const nlohmann::json& value);

// `object` with one more member whose value is JSON text already.
std::string with_member(std::string object, std::string_view name, std::string_view json);

}  // namespace sdw::contract
