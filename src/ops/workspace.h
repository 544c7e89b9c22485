#pragma once

#include <cstddef>
#include <functional>

namespace sdw::ops {

// Scratch memory of the calling thread, at least `floats` long, on cache-line boundaries. It is kept for the
// next call (touching fresh pages costs more than many a product) and handed out again by it: valid until
// then.
float* workspace(std::size_t floats);

// Runs `work(part, scratch)` for every part on all threads, each of which brings `thread_floats` of
// workspace.
void for_parts(std::size_t parts, std::size_t thread_floats,
               const std::function<void(std::size_t part, float* scratch)>& work);

}  // namespace sdw::ops
