#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>

#include "cli/serve_options.h"

namespace sdw::cli {

// Adds `serve` with every setting of the table; `run` is called with what flags, environment and file say,
// once that has been checked. Its result, or the error's code, is left in `exit_code`.
void add_serve_flags(CLI::App& app, int& exit_code, std::function<int(const ServeOptions&)> run);

}  // namespace sdw::cli
