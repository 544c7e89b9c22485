#pragma once

namespace sdw {

// Gives this thread a stack of its own for signal handlers, until it ends, so that one can run when the
// ordinary stack is used up. Does nothing if the thread has one, or if there is no memory for it.
void use_signal_stack();

}  // namespace sdw
