#pragma once

#include <CLI/CLI.hpp>

namespace sdw::cli {

// `sd-worker inspect`: what is in a model. The command's callback leaves its result in `exit_code`.
void add_inspect_command(CLI::App& app, int& exit_code);

}  // namespace sdw::cli
