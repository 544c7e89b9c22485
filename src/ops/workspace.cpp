#include "ops/workspace.h"

#include <ATen/ops/empty.h>

namespace sdw::ops {

float* workspace(std::size_t floats) {
  thread_local at::Tensor memory;
  if (!memory.defined() || static_cast<std::size_t>(memory.numel()) < floats) {
    memory = at::Tensor();  // before the larger one is made
    memory = at::empty({static_cast<std::int64_t>(floats)}, at::TensorOptions(at::kFloat));
  }
  return memory.data_ptr<float>();
}

}  // namespace sdw::ops
