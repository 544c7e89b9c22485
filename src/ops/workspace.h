#pragma once

#include <cstddef>

namespace sdw::ops {

// Scratch memory of the calling thread, at least `floats` long, on cache-line boundaries. It is kept for the
// next call (touching fresh pages costs more than many a product) and handed out again by it: valid until
// then.
float* workspace(std::size_t floats);

}  // namespace sdw::ops
