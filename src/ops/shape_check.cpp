#include "ops/shape_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdexcept>

namespace sdw::ops {

std::string shape_text(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  return fmt::format("[{}]", fmt::join(tensor.sizes(), ", "));
}

void require_shape(bool ok, std::string_view op, std::string_view what, std::string_view expected,
                   const at::Tensor& got) {
  if (ok) return;
  throw std::invalid_argument(
      fmt::format("{}: {}: expected {}, got {}", op, what, expected, shape_text(got)));
}

}  // namespace sdw::ops
