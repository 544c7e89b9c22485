#include "cli/serve_command.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "cli/run_worker.h"
#include "cli/settings_sources.h"
#include "support/log.h"

namespace sdw::cli {
namespace {

constexpr std::chrono::seconds kLastLines{1};  // for the log to be written before the process ends

struct Serve {
  ServeOptions options;
  std::vector<Setting> settings = serve_settings(options);
  std::vector<CLI::Option*> flags;
  bool describe = false;
};

// The table for programs: docs/configuration.md is made from it.
Status print_settings(const Serve& serve) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < serve.settings.size(); ++i) {
    const Setting& setting = serve.settings[i];
    rows.push_back({{"group", setting.group},
                    {"flag", setting.flag()},
                    {"variable", setting.variable()},
                    {"key", setting.in_file ? setting.key() : ""},
                    {"default", serve.flags[i]->get_default_str()},
                    {"list", setting.list},
                    {"help", setting.help}});
  }
  return print(rows.dump(2) + "\n");
}

Status prepare(Serve& serve) {
  if (Status read = read_environment_and_file(serve.settings, serve.flags, serve.options.config); !read) {
    return read;
  }
  complete(serve.options);
  log::configure(serve.options.log_level,
                 serve.options.log_format == "json" ? log::Format::json : log::Format::text,
                 log::Delivery::queued);
  if (serve.options.models.empty() && serve.options.models_dir.empty()) {
    return Error{ErrorCode::invalid_request, "serve needs --model [NAME=]PATH or --models-dir PATH"};
  }
  return check_exposure(serve.options);
}

}  // namespace

void add_serve_flags(CLI::App& app, int& exit_code, std::function<int(const ServeOptions&)> run) {
  auto serve = std::make_shared<Serve>();
  CLI::App* command =
      app.add_subcommand("serve", "take jobs over HTTP, stream their progress, return the pictures");
  serve->flags = add_flags(*command, serve->settings);
  command->add_flag("--describe-settings", serve->describe, "print every setting as JSON and end")
      ->group("Other");
  command->footer(
      "Every setting is also an environment variable (--queue-size: SD_WORKER_QUEUE_SIZE) and a line of the "
      "settings file (queue_size = 64). Flags come first, then the environment, then the file.");
  command->callback([serve, &exit_code, run = std::move(run)] {
    const Status ready = serve->describe ? print_settings(*serve) : prepare(*serve);
    if (!ready) exit_code = fail(ready.error());
    if (ready && !serve->describe) exit_code = run(serve->options);
    log::close(kLastLines);
  });
}

}  // namespace sdw::cli
