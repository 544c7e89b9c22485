#include "support/exceptions.h"

#include <new>
#include <utility>

#include "support/log.h"
#include "support/result.h"

namespace sdw {

Error error_from_exception(std::exception_ptr exception) {
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const ErrorException& e) {
    return e.error();
  } catch (const std::bad_alloc&) {
    return {ErrorCode::out_of_memory, "there is not enough memory for this"};
  } catch (const std::exception& e) {
    log::unexpected(e, e.what());
  } catch (...) {
    log::error("unexpected exception of unknown type");
  }
  return {ErrorCode::internal_error, "an internal error occurred; the log has the details"};
}

}  // namespace sdw
