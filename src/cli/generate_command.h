#pragma once

#include <CLI/CLI.hpp>

namespace sdw::cli {

// `sd-worker generate`: pictures to files, no server. The command's callback leaves its result in
// `exit_code`.
void add_generate_command(CLI::App& app, int& exit_code);

}  // namespace sdw::cli
