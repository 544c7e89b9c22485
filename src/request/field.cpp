#include "request/field.h"

#include <cmath>
#include <fmt/format.h>

namespace sdw::request {

Status check_number(const FieldInfo& field, double value) {
  const bool multiple = field.multiple_of == 1 || std::fmod(value, field.multiple_of) == 0;
  const bool within = std::isfinite(value) && value >= field.low && value <= field.high;
  if (within && multiple && !(field.above_low && value == field.low)) return ok_status();
  std::string expected = fmt::format("from {} to {}", field.low, field.high);
  if (field.multiple_of != 1) expected = fmt::format("a multiple of {} {}", field.multiple_of, expected);
  if (field.above_low && within) expected = fmt::format("more than {}", field.low);
  return Error{ErrorCode::invalid_request, fmt::format("{} must be {}, got {}", field.name, expected, value),
               std::string(field.name)};
}

}  // namespace sdw::request
