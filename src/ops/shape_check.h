#pragma once

#include <ATen/core/Tensor.h>
#include <string>
#include <string_view>

namespace sdw::ops {

// "[2, 320, 64, 64]", or "undefined".
std::string shape_text(const at::Tensor& tensor);

// Throws std::invalid_argument "<op>: <what>: expected <expected>, got <shape of got>" where `ok` is false:
// wrong shapes are programming errors here, models have checked their files before.
void require_shape(bool ok, std::string_view op, std::string_view what, std::string_view expected,
                   const at::Tensor& got);

}  // namespace sdw::ops
