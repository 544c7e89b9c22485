#include "pipeline/exceptions.h"

#include <c10/util/Exception.h>
#include <new>
#include <string_view>
#include <utility>

#include "support/log.h"
#include "support/result.h"

namespace sdw::pipeline {
namespace {

// The CPU allocator throws a plain c10::Error; only its text tells it apart.
bool is_cpu_out_of_memory(const c10::Error& error) {
  const std::string_view text = error.what_without_backtrace();
  return text.find("not enough memory") != text.npos || text.find("DefaultCPUAllocator") != text.npos;
}

}  // namespace

Error error_from_exception(std::exception_ptr exception) {
  Error out_of_memory{ErrorCode::out_of_memory, "there is not enough memory for this"};
  try {
    std::rethrow_exception(std::move(exception));
  } catch (const ErrorException& e) {
    return e.error();
  } catch (const c10::OutOfMemoryError&) {
    return out_of_memory;
  } catch (const c10::Error& e) {
    if (is_cpu_out_of_memory(e)) return out_of_memory;
    log::unexpected(e, e.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return out_of_memory;
  } catch (const std::exception& e) {
    log::unexpected(e, e.what());
  } catch (...) {
    log::error("unexpected exception of unknown type");
  }
  return {ErrorCode::internal_error, "an internal error occurred; the log has the details"};
}

}  // namespace sdw::pipeline
