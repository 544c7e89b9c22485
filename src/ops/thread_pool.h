#pragma once

#include <cstddef>
#include <functional>

namespace sdw::ops {

// Runs `work(thread)` for every thread from 0, the caller, to `threads` - 1, all at once, and waits for them.
// What one throws is thrown again here. Where other work is running (another thread's, or this is part of it)
// the caller does it alone, as thread 0: work must be such that any number of threads can do all of it.
//
// OpenMP's threads would spin for milliseconds wherever they wait, and a core that spins is no place for a
// thread that had to give way to another program's (bench/busy.py).
void on_threads(std::size_t threads, const std::function<void(std::size_t thread)>& work);

}  // namespace sdw::ops
