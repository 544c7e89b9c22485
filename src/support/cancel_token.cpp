#include "support/cancel_token.h"

namespace sdw {

CancelSource::CancelSource() : flag_(std::make_shared<std::atomic<bool>>(false)) {}

}  // namespace sdw
