#pragma once

#include <string>

#include "support/error.h"

namespace sdw::contract {

// {"error":{"message":str,"type":str,"param":str|null,"code":str}}, the one shape of every error. The message
// of an internal_error is replaced by a fixed one.
std::string error_body(const Error& error);

}  // namespace sdw::contract
