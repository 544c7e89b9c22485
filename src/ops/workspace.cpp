#include "ops/workspace.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <atomic>
#include <vector>

namespace sdw::ops {
namespace {

// Parts still to be done, on a cache line of its own.
struct alignas(64) Range {
  std::atomic<std::size_t> next{0};
  std::size_t end = 0;
};

}  // namespace

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
  const std::size_t threads = std::min(parts, static_cast<std::size_t>(at::get_num_threads()));
  // Every thread has a range of neighbouring parts, then helps with those of others: cores are never equally
  // fast for long.
  std::vector<Range> ranges(threads);
  for (std::size_t t = 0; t < threads; ++t) {
    ranges[t].next = parts * t / threads;
    ranges[t].end = parts * (t + 1) / threads;
  }
  at::parallel_for(0, static_cast<std::int64_t>(threads), 1, [&](std::int64_t begin, std::int64_t) {
    float* const scratch = memory + static_cast<std::size_t>(at::get_thread_num()) * thread_floats;
    for (std::size_t t = 0; t < threads; ++t) {
      Range& range = ranges[(static_cast<std::size_t>(begin) + t) % threads];
      for (std::size_t part = range.next++; part < range.end; part = range.next++) work(part, scratch);
    }
  });
}

void for_parts(std::size_t parts, const std::function<void(std::size_t part)>& work) {
  for_parts(parts, 0, nullptr, [&](std::size_t part, float*) { work(part); });
}

}  // namespace sdw::ops
