#include "pipeline/exceptions.h"

#include <c10/util/Exception.h>
#include <new>
#include <string_view>

#include "support/exceptions.h"
#include "support/log.h"

namespace sdw::pipeline {
namespace {

// The CPU allocator throws a plain c10::Error; only its text tells it apart.
bool is_cpu_out_of_memory(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  return text.find("not enough memory") != text.npos || text.find("DefaultCPUAllocator") != text.npos;
}

}  // namespace

Error error_from_exception(std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const c10::Error& e) {
    const bool out_of_memory =
        dynamic_cast<const c10::OutOfMemoryError*>(&e) != nullptr || is_cpu_out_of_memory(e);
    if (out_of_memory) return sdw::error_from_exception(std::make_exception_ptr(std::bad_alloc()));
    log::unexpected(e, e.what_without_backtrace());
    return {ErrorCode::internal_error, "an internal error occurred; the log has the details"};
  } catch (...) {
    return sdw::error_from_exception(exception);
  }
}

}  // namespace sdw::pipeline
