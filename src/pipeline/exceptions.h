#pragma once

#include <exception>

#include "support/error.h"

namespace sdw::pipeline {

// What an exception from the tensor library, or from anywhere below, means to a user: out_of_memory where
// memory ran out, the Error an ErrorException carries, else internal_error without the library's text, whose
// kind goes to the log, and the text itself at debug level.
Error error_from_exception(std::exception_ptr exception);

}  // namespace sdw::pipeline
