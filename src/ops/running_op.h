#pragma once

#include <ATen/core/Tensor.h>

#include "support/crash_context.h"

namespace sdw::ops {

// What a crash report says of an op over `input`. `name` is static text; `outputs`: channels or features of
// the result, 0 where they are the input's.
inline RunningOp running_op(const char* name, const at::Tensor& input, std::int64_t outputs = 0) {
  RunningOp op{.name = name, .outputs = outputs};
  if (!input.defined()) return op;
  for (const std::int64_t size : input.sizes()) {
    if (op.dimensions == static_cast<int>(op.shape.size())) break;
    op.shape[static_cast<std::size_t>(op.dimensions++)] = size;
  }
  return op;
}

}  // namespace sdw::ops
