#pragma once

#include <functional>

namespace sdw {

// Asked between the parts of a long computation: true once its result is not wanted any more, and from then
// on. Empty: never. Called often and by the computing thread, so it must be cheap.
using StopCheck = std::function<bool()>;

inline bool stopped(const StopCheck& stop) {
  return stop && stop();
}

}  // namespace sdw
