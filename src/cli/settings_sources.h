#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/serve_options.h"
#include "support/result.h"

namespace sdw::cli {

// Adds the settings' flags; `options[i]` is that of `settings[i]`.
std::vector<CLI::Option*> add_flags(CLI::App& command, const std::vector<Setting>& settings);

// Gives each setting that has no flag the value of its environment variable, or else of its line in the TOML
// file that `config` names. Errors: invalid_request for a value out of range, a file that cannot be read, an
// unknown line.
Status read_environment_and_file(const std::vector<Setting>& settings,
                                 const std::vector<CLI::Option*>& options, const std::string& config);

}  // namespace sdw::cli
