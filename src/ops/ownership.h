#pragma once

#include <ATen/core/Tensor.h>

namespace sdw::ops {

// True where nothing but this handle holds the tensor or its memory: an op that was given it for good may
// write its result there.
inline bool solely_owned(const at::Tensor& tensor) {
  return tensor.use_count() == 1 && tensor.storage().use_count() == 1;
}

}  // namespace sdw::ops
