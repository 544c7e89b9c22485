#pragma once

#include <cstddef>

namespace sdw::ops {

// From here on the memory of large CPU tensors is kept when they are freed, and handed out again: a step of a
// denoiser asks for the same sizes over and over, and fresh pages cost more than many an op. What is kept and
// what is in use are together hardly more than what was in use at once: pages kept for other sizes are moved
// into a new block. Huge pages where the system gives them.
void install_caching_allocator();

// From here on, are pages of weights that are freed kept too, for new blocks? They are not at first. It is
// for where weights make room for tensors, as a denoiser's do for those of the decoder.
void keep_pages_of_weights(bool keep);
// Unmaps memory that a weight had for itself, or keeps its pages.
void unmap_weight(void* data, std::size_t bytes);

// Gives what is kept back to the system.
void release_cached_memory();
std::size_t cached_memory_bytes();

}  // namespace sdw::ops
