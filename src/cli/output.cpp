#include "cli/output.h"

#include <unistd.h>

#include "support/standard_streams.h"

namespace sdw::cli {

Status print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return ok_status();
  return Error{ErrorCode::io_error, "cannot write to standard output"};
}

void notify(std::string_view text) {
  write_all(STDERR_FILENO, text);
}

}  // namespace sdw::cli
