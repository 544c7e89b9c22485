#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <span>

namespace sdw::ops {

// Row rows[i] of `input` [N, ...] is row i of the result, which has the input's layout. Each row is in [0,
// N).
at::Tensor take_rows(const at::Tensor& input, std::span<const std::int64_t> rows);

}  // namespace sdw::ops
