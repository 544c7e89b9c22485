#pragma once

#include <exception>

#include "support/error.h"

namespace sdw::pipeline {

// As sdw::error_from_exception, and for exceptions of the tensor library too: out_of_memory where memory ran
// out, else internal_error.
Error error_from_exception(std::exception_ptr exception);

}  // namespace sdw::pipeline
