#pragma once

#include <string_view>

namespace sdw {

struct CrashReportOptions {
  std::string_view version;
  std::string_view instruction_set;  // of the kernels
  std::string_view advice;           // the end of the line, as "try SD_WORKER_OPS=aten"; may be empty
};

// From now on SIGSEGV, SIGBUS, SIGILL and SIGFPE write one line to standard error that says what the thread
// was doing (crash_context()), then end the process as they would have, with a core where those are kept. A
// reader that does not read is not waited for. The texts are copied, and cut where they are long. Call once.
void report_crashes(const CrashReportOptions& options);

}  // namespace sdw
