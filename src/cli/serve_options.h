#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/limits.h"
#include "http/settings.h"
#include "jobs/settings.h"

namespace sdw::cli {

// `sd-worker serve`, as asked for by flags, environment and settings file. Times in seconds, sizes in bytes.
struct ServeOptions {
  std::string config;
  http::ServerSettings http;
  jobs::Settings jobs{.intake_threads = 2};  // one large upload must not hold up the small jobs
  contract::Limits limits;
  bool insecure = false;
  std::filesystem::path api_key_file;
  double drain_seconds = 30;
  std::vector<std::string> models;  // [NAME=]PATH
  std::filesystem::path models_dir;
  std::filesystem::path lora_dir;
  std::string device = "auto";
  std::vector<std::string> precisions = {"exact"};  // the first is the models' own
  int threads = 0;
  std::int64_t memory_limit = 0;
  double idle_unload_seconds = 0;
  std::size_t text_cache_entries = 64;
  std::size_t picture_cache_entries = 8;
  double ageing_seconds = 30;
  double affinity_seconds = 30;
  double result_age_seconds = 3600;
  double header_timeout = 10, body_timeout = 120, idle_timeout = 75, write_timeout = 30,
         stream_heartbeat = 15;
  std::string log_level = "info";
  std::string log_format = "text";
};

// One thing an operator may set: the only place where its name, its help and its range stand. The name
// "queue-size" makes the flag --queue-size, the variable SD_WORKER_QUEUE_SIZE and the settings file's line
// `queue_size = 64`.
struct Setting {
  std::string_view group;
  std::string name;
  std::string help;
  std::function<CLI::Option*(CLI::App& command, const std::string& flag, const std::string& help)> add;
  bool list = false;    // may be given several times; comma-separated in the environment
  bool in_file = true;  // a line of the settings file too

  std::string flag() const { return "--" + name; }
  std::string variable() const;
  std::string key() const;
};

// The table; each row writes into `options`.
std::vector<Setting> serve_settings(ServeOptions& options);

// The settings that are structs of other rooms, completed from the plain values above.
void complete(ServeOptions& options);

}  // namespace sdw::cli
