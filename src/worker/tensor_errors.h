#pragma once

#include <exception>
#include <utility>

#include "pipeline/exceptions.h"
#include "support/result.h"

namespace sdw::worker {

// Runs `body`; anything it throws comes out as an ErrorException, so that jobs/ needs no knowledge of the
// tensor library's exceptions.
template <class Body>
auto with_tensor_errors(Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (...) {
    throw ErrorException(pipeline::error_from_exception(std::current_exception()));
  }
}

}  // namespace sdw::worker
