#pragma once

#include <CLI/CLI.hpp>

namespace sdw::cli {

// `sd-worker serve`: the worker over HTTP. The command's callback leaves its result in `exit_code`.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace sdw::cli
