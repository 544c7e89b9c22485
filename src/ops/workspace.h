#pragma once

#include <cstddef>
#include <functional>

namespace sdw::ops {

// Scratch memory of the calling thread, at least `floats` long, on cache-line boundaries. It is kept for the
// next call (touching fresh pages costs more than many a product) and handed out again by it: valid until
// then.
float* workspace(std::size_t floats);

// Runs `work(part, scratch)` for every part on all threads; each brings `thread_floats` of `memory`.
void for_parts(std::size_t parts, std::size_t thread_floats, float* memory,
               const std::function<void(std::size_t part, float* scratch)>& work);
// What `memory` must hold for that.
std::size_t floats_of_all_threads(std::size_t thread_floats);
// The same where parts need no memory.
void for_parts(std::size_t parts, const std::function<void(std::size_t part)>& work);
// The same where a part is so many rows, the last of them fewer.
void for_rows(std::size_t rows, std::size_t rows_at_a_time,
              const std::function<void(std::size_t first, std::size_t count)>& work);

}  // namespace sdw::ops
