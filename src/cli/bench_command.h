#pragma once

#include <CLI/CLI.hpp>

namespace sdw::cli {

// `sd-worker bench`: how long a model takes on this machine, and where the time goes. The command's callback
// leaves its result in `exit_code`.
void add_bench_command(CLI::App& app, int& exit_code);

}  // namespace sdw::cli
