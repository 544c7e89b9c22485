#pragma once

#include "support/cancel_token.h"

namespace sdw::cli {

// From now on the first SIGINT, SIGTERM or SIGHUP cancels the returned token; a second SIGINT or SIGTERM ends
// the process at once. SIGHUP stays ignored if it was.
CancelToken cancel_on_interrupt();

}  // namespace sdw::cli
