#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "cli/bench_command.h"
#include "cli/exit_code.h"
#include "cli/generate_command.h"
#include "cli/info_command.h"
#include "cli/inspect_command.h"
#include "cli/serve.h"
#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/instruction_set.h"
#include "ops/caching_allocator.h"
#include "ops/precision.h"
#include "support/crash_report.h"
#include "support/log.h"
#include "support/standard_streams.h"

namespace {

// As CLI11 wants them: last first. Its version 2.1 takes the next argument for the value of "--prompt=", so
// an empty value is made an argument of its own.
std::vector<std::string> reversed_arguments(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i) {
    std::string argument = argv[i];
    if (argument.starts_with("--") && argument.find('=') == argument.size() - 1) {
      argument.pop_back();
      arguments.emplace_back();
    }
    arguments.push_back(std::move(argument));
  }
  return arguments;
}

void report_crashes() {
  std::string instruction_set = "none";
  for (const auto& set : sdw::kernels::cpu::instruction_sets()) {
    if (set.chosen) instruction_set = set.name;
  }
  sdw::report_crashes({.version = SD_WORKER_VERSION,
                       .instruction_set = sdw::ops::aten_forced() ? "ATen's" : instruction_set,
                       .advice = sdw::ops::aten_forced() ? "" : "try SD_WORKER_OPS=aten"});
}

}  // namespace

int main(int argc, char** argv) {
  using namespace sdw;
  guard_standard_streams();
  log::configure("warn", log::Format::text);
  ops::install_caching_allocator();
  CLI::App app("Stable Diffusion worker: pictures from prompts, over HTTP or on the command line.",
               "sd-worker");
  app.set_version_flag("--version", SD_WORKER_VERSION);
  app.require_subcommand(1);
  int exit_code = cli::kOk;
  cli::add_generate_command(app, exit_code);
  cli::add_inspect_command(app, exit_code);
  cli::add_info_command(app, exit_code);
  cli::add_bench_command(app, exit_code);
  cli::add_serve_command(app, exit_code);
  if (const char* name = std::getenv("SD_WORKER_ISA"); name != nullptr && *name != '\0') {
    if (Status chosen = kernels::cpu::choose_instruction_set(name); !chosen) return cli::fail(chosen.error());
  }
  if (const char* sizes = std::getenv("SD_WORKER_CACHES"); sizes != nullptr && *sizes != '\0') {
    if (Status chosen = kernels::cpu::choose_cache_sizes(sizes); !chosen) return cli::fail(chosen.error());
  }
  report_crashes();
  try {
    app.parse(reversed_arguments(argc, argv));
  } catch (const CLI::Success& help) {
    const int code = app.exit(help);
    return std::cout.flush() ? code : cli::fail({ErrorCode::io_error, "cannot write to standard output"});
  } catch (const CLI::ParseError& error) {
    return cli::fail({ErrorCode::invalid_request, error.what()});
  }
  return exit_code;
}
