#include "ops/workspace.h"

#include <ATen/Parallel.h>
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

std::size_t floats_of_all_threads(std::size_t thread_floats) {
  return static_cast<std::size_t>(at::get_num_threads()) * thread_floats;
}

void for_parts(std::size_t parts, std::size_t thread_floats, float* memory,
               const std::function<void(std::size_t part, float* scratch)>& work) {
  at::parallel_for(0, static_cast<std::int64_t>(parts), 1, [&](std::int64_t begin, std::int64_t end) {
    float* const scratch = memory + static_cast<std::size_t>(at::get_thread_num()) * thread_floats;
    for (auto part = begin; part < end; ++part) work(static_cast<std::size_t>(part), scratch);
  });
}

void for_parts(std::size_t parts, const std::function<void(std::size_t part)>& work) {
  for_parts(parts, 0, nullptr, [&](std::size_t part, float*) { work(part); });
}

}  // namespace sdw::ops
