#include "ops/workspace.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <atomic>
#include <vector>

#include "ops/thread_pool.h"

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
  on_threads(threads, [&](std::size_t thread) {
    float* const scratch = memory + thread * thread_floats;
    for (std::size_t t = 0; t < threads; ++t) {
      Range& range = ranges[(thread + t) % threads];
      for (std::size_t part = range.next++; part < range.end; part = range.next++) work(part, scratch);
    }
  });
}

void for_parts(std::size_t parts, const std::function<void(std::size_t part)>& work) {
  for_parts(parts, 0, nullptr, [&](std::size_t part, float*) { work(part); });
}

void for_rows(std::size_t rows, std::size_t rows_at_a_time,
              const std::function<void(std::size_t first, std::size_t count)>& work) {
  for_parts((rows + rows_at_a_time - 1) / rows_at_a_time, [&](std::size_t part) {
    const std::size_t first = part * rows_at_a_time;
    work(first, std::min(rows_at_a_time, rows - first));
  });
}

}  // namespace sdw::ops
