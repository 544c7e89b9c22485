#pragma once

#include <exception>

#include "support/error.h"

namespace sdw {

// The Error that an exception means to a user: the one an ErrorException carries, out_of_memory for a failed
// allocation, else internal_error without the exception's text. Its type is logged as an error, its text at
// debug level.
Error error_from_exception(std::exception_ptr exception);

}  // namespace sdw
