#pragma once

#include "support/cancel_token.h"

namespace sdw::cli {

// From now on the first SIGINT or SIGTERM cancels the returned token; a second one ends the process at once.
CancelToken cancel_on_interrupt();

}  // namespace sdw::cli
