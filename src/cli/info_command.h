#pragma once

#include <CLI/CLI.hpp>

namespace sdw::cli {

// `sd-worker info`: the program, the machine, and what of it is used.
void add_info_command(CLI::App& app, int& exit_code);

}  // namespace sdw::cli
