#pragma once

#include <ATen/core/Tensor.h>

namespace sdw::ops {

// True where an op that was given a picture (or an undefined tensor) for good may write its result, a picture
// of that shape, over it: nothing but this handle holds the tensor or its memory, and it lies channels-last.
inline bool may_be_overwritten(const at::Tensor& picture) {
  return picture.defined() && picture.use_count() == 1 && picture.storage().use_count() == 1 &&
         picture.is_contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace sdw::ops
