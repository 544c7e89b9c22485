#include "ops/precision.h"

#include <cstdlib>
#include <string_view>

namespace sdw::ops {

bool aten_forced() {
  static const bool forced = [] {
    const char* value = std::getenv("SD_WORKER_OPS");
    return value != nullptr && std::string_view(value) == "aten";
  }();
  return forced;
}

}  // namespace sdw::ops
