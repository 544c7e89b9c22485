#pragma once

#include "support/error.h"

namespace sdw::cli {

// What the program ends with. Scripts rely on these numbers.
enum ExitCode : int {
  kOk = 0,
  kFailure = 1,  // anything that has no number of its own
  kUsage = 2,    // wrong usage
  kModel = 3,    // the model cannot be loaded
  kInput = 4,    // an input cannot be read
  kOutOfMemory = 5,
  kInterrupted = 130,  // SIGINT, as shells count it
};

ExitCode exit_code(ErrorCode code);

// Writes the one line "sd-worker: <message>" to standard error and returns the error's exit code.
ExitCode fail(const Error& error);

}  // namespace sdw::cli
