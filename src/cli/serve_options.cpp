#include "cli/serve_options.h"

#include <algorithm>
#include <cctype>
#include <limits>

namespace sdw::cli {
namespace {

constexpr double kWeek = 7 * 86400;

template <class T>
using Check = std::pair<T, T>;  // least and greatest

// A row whose value is a number within a range; sizes may end in K, M or G.
template <class T>
Setting number(std::string_view group, std::string name, std::string help, T& value, Check<double> range) {
  return {group, std::move(name), std::move(help),
          [&value, range](CLI::App& command, const std::string& flag, const std::string& text) {
            auto* option = command.add_option(flag, value, text)->capture_default_str();
            option->check(CLI::Range(range.first, range.second));
            return option;
          }};
}

template <class T>
Setting size(std::string_view group, std::string name, std::string help, T& value, Check<double> range) {
  Setting setting = number(group, std::move(name), std::move(help), value, range);
  setting.add = [add = std::move(setting.add)](CLI::App& command, const std::string& flag,
                                               const std::string& text) {
    // Transforms run in the order they were added last: first the suffix, then the range.
    return add(command, flag, text)->transform(CLI::AsSizeValue(false))->type_name("SIZE");
  };
  return setting;
}

// Where nothing is to be set, nothing is said: an empty name or path is a slip of a script.
std::string not_blank(const std::string& value) {
  return value.find_first_not_of(" \t\r\n") == std::string::npos ? "it is empty" : "";
}

template <class T>
Setting text(std::string_view group, std::string name, std::string help, T& value) {
  return {group, std::move(name), std::move(help),
          [&value](CLI::App& command, const std::string& flag, const std::string& description) {
            return command.add_option(flag, value, description)->capture_default_str()->check(not_blank);
          }};
}

Setting choice(std::string_view group, std::string name, std::string help, std::string& value,
               std::vector<std::string> values) {
  return {group, std::move(name), std::move(help),
          [&value, values = std::move(values)](CLI::App& command, const std::string& flag,
                                               const std::string& description) {
            return command.add_option(flag, value, description)
                ->capture_default_str()
                ->check(CLI::IsMember(values));
          }};
}

Setting list(std::string_view group, std::string name, std::string help, std::vector<std::string>& value) {
  return {group, std::move(name), std::move(help),
          [&value](CLI::App& command, const std::string& flag, const std::string& description) {
            return command.add_option(flag, value, description)->allow_extra_args(false)->check(not_blank);
          },
          /*list=*/true};
}

Setting choices(std::string_view group, std::string name, std::string help, std::vector<std::string>& value,
                std::vector<std::string> values) {
  Setting setting = list(group, std::move(name), std::move(help), value);
  setting.add = [&value, add = std::move(setting.add), values = std::move(values)](
                    CLI::App& command, const std::string& flag, const std::string& text) {
    return add(command, flag, text)->check(CLI::IsMember(values))->default_str(value.front());
  };
  return setting;
}

Setting flag(std::string_view group, std::string name, std::string help, bool& value) {
  return {group, std::move(name), std::move(help),
          [&value](CLI::App& command, const std::string& name_of_flag, const std::string& description) {
            return command.add_flag(name_of_flag, value, description);
          }};
}

void append(std::vector<Setting>& to, std::vector<Setting> rows) {
  std::move(rows.begin(), rows.end(), std::back_inserter(to));
}

std::vector<Setting> server_settings(ServeOptions& o) {
  constexpr std::string_view kGroup = "Server";
  return {
      text(kGroup, "host", "address to listen on", o.http.host),
      number(kGroup, "port", "port to listen on; 0 takes a free one", o.http.port, {0, 65535}),
      text(kGroup, "api-key-file",
           "file with the key that clients must send; or the key itself in SD_WORKER_API_KEY",
           o.api_key_file),
      flag(kGroup, "insecure", "allow an address other machines reach without a key", o.insecure),
      list(kGroup, "allowed-host",
           "name that a Host header may carry beside localhost, on a loopback address", o.http.allowed_hosts),
      list(kGroup, "cors-origin", "origin of pages that may use this server (\"https://example.org\"), or *",
           o.http.cors_origins),
      text(kGroup, "tls-cert", "PEM certificate chain: speak HTTPS", o.http.tls_certificate),
      text(kGroup, "tls-key", "PEM private key of the certificate", o.http.tls_key),
      number(kGroup, "drain-seconds", "how long running jobs may go on after SIGTERM", o.drain_seconds,
             {0, kWeek}),
  };
}

std::vector<Setting> model_settings(ServeOptions& o) {
  constexpr std::string_view kGroup = "Models";
  return {
      list(kGroup, "model",
           "[NAME=]PATH of a diffusers folder or a checkpoint (.safetensors); the first is the default model",
           o.models),
      text(kGroup, "models-dir", "folder whose subfolders and .safetensors files are models", o.models_dir),
      text(kGroup, "lora-dir", "folder of LoRAs (NAME.safetensors) that requests may name", o.lora_dir),
      text(kGroup, "device", "cpu, cuda, cuda:N or auto", o.device),
      choices(kGroup, "precision",
              "exact (float32), fast (16 bits) or int8 (8 bits); of several, requests may choose",
              o.precisions, {"exact", "fast", "int8"}),
      number(kGroup, "threads", "CPU threads of the engine; 0: one per core", o.threads, {0, 1024}),
      size(kGroup, "memory-limit", "bytes that loaded models may take together; 0: no limit", o.memory_limit,
           {0, 1e15}),
      number(kGroup, "idle-unload-seconds", "unload a model unused for so long; 0: never",
             o.idle_unload_seconds, {0, kWeek}),
      number(kGroup, "text-cache-entries", "prompts whose embeddings are kept", o.text_cache_entries,
             {0, 1e6}),
      number(kGroup, "picture-cache-entries", "input pictures whose latents are kept",
             o.picture_cache_entries, {0, 1e5}),
  };
}

std::vector<Setting> job_settings(ServeOptions& o) {
  constexpr std::string_view kQueue = "Queue and engine";
  constexpr std::string_view kResults = "Events and results";
  return {
      number(kQueue, "queue-size", "jobs that may wait", o.jobs.queue.jobs, {1, 1e6}),
      size(kQueue, "queue-bytes", "bytes of input pictures that may wait", o.jobs.queue.bytes, {0, 1e15}),
      number(kQueue, "ageing-seconds", "waiting this long is worth one point of priority", o.ageing_seconds,
             {1, kWeek}),
      number(kQueue, "affinity-seconds",
             "how long jobs of a loaded model may go before one whose model has no room beside it; 0: never",
             o.affinity_seconds, {0, kWeek}),
      number(kQueue, "max-batch", "pictures in one UNet call", o.jobs.engine.max_batch, {1, 64}),
      number(kQueue, "max-active", "pictures in flight; 0: as many as max-batch", o.jobs.engine.max_active,
             {0, 1024}),
      number(kQueue, "intake-threads", "threads that read requests and decode pictures",
             o.jobs.intake_threads, {1, 64}),
      number(kQueue, "encoder-threads", "threads that encode results", o.jobs.encoder_threads, {1, 64}),
      number(kResults, "events-per-job", "events kept for replay", o.jobs.events.per_job, {16, 1e6}),
      size(kResults, "preview-bytes", "bytes of previews kept for replay, per job",
           o.jobs.events.preview_bytes, {0, 1e9}),
      size(kResults, "result-bytes", "bytes of all kept results", o.jobs.retention.result_bytes, {0, 1e15}),
      number(kResults, "result-age-seconds", "how long a result is kept; then it is 410",
             o.result_age_seconds, {1, 1e9}),
      number(kResults, "kept-jobs", "ended jobs that are kept", o.jobs.retention.jobs, {1, 1e7}),
  };
}

std::vector<Setting> request_settings(ServeOptions& o) {
  constexpr std::string_view kGroup = "Requests";
  return {
      size(kGroup, "max-body-bytes", "bytes of a request's body", o.limits.body_bytes, {1024, 1e9}),
      size(kGroup, "max-prompt-bytes", "bytes of a prompt", o.limits.prompt_bytes, {1, 1e8}),
      size(kGroup, "max-picture-bytes", "bytes of an input picture's file", o.limits.picture_bytes, {1, 1e9}),
      number(kGroup, "max-picture-pixels", "width x height of an input picture", o.limits.picture_pixels,
             {1, 1e9}),
      number(kGroup, "max-output-pixels", "width x height of a picture to make", o.limits.output_pixels,
             {64 * 64, 2048 * 2048}),
      number(kGroup, "max-steps", "steps of a job", o.limits.steps, {1, 150}),
      number(kGroup, "max-count", "pictures of a job", o.limits.count, {1, 8}),
      number(kGroup, "max-timeout-seconds", "the longest timeout_s of a job", o.limits.timeout_s, {1, 1e9}),
  };
}

std::vector<Setting> connection_settings(ServeOptions& o) {
  constexpr std::string_view kGroup = "Connections";
  http::HttpLimits& limits = o.http.limits;
  return {
      size(kGroup, "max-header-bytes", "bytes of a request line with its headers", limits.max_header_bytes,
           {1024, 1e6}),
      size(kGroup, "body-budget",
           "bytes of all request bodies that arrive or wait to be decoded, and of all answers being written",
           limits.body_budget, {1024, 1e15}),
      number(kGroup, "max-connections", "open connections", limits.max_connections, {1, 1e6}),
      number(kGroup, "max-connections-per-client", "open connections of one address",
             limits.max_connections_per_client, {1, 1e6}),
      number(kGroup, "header-timeout", "seconds for a request's headers to arrive", o.header_timeout,
             {0.05, kWeek}),
      number(kGroup, "body-timeout", "seconds for a request's body to arrive", o.body_timeout, {0.05, kWeek}),
      number(kGroup, "idle-timeout", "seconds a connection may wait for its next request", o.idle_timeout,
             {0.05, kWeek}),
      number(kGroup, "write-timeout", "seconds for a client to take what is written to it", o.write_timeout,
             {0.05, kWeek}),
      number(kGroup, "stream-heartbeat", "seconds between two comments of a quiet stream", o.stream_heartbeat,
             {0.05, kWeek}),
  };
}

std::vector<Setting> log_settings(ServeOptions& o) {
  constexpr std::string_view kGroup = "Logging";
  return {
      choice(kGroup, "log-level", "debug, info, warn, error or off", o.log_level,
             {"debug", "info", "warn", "error", "off"}),
      choice(kGroup, "log-format", "text or json", o.log_format, {"text", "json"}),
  };
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::chrono::seconds whole(double seconds) {
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

}  // namespace

std::string Setting::key() const {
  std::string text(name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string Setting::variable() const {
  std::string text = "SD_WORKER_" + key();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::vector<Setting> serve_settings(ServeOptions& options) {
  std::vector<Setting> settings;
  append(settings, server_settings(options));
  append(settings, model_settings(options));
  append(settings, job_settings(options));
  append(settings, request_settings(options));
  append(settings, connection_settings(options));
  append(settings, log_settings(options));
  Setting config =
      text("Server", "config", "settings file (TOML); flags and environment come first", options.config);
  config.in_file = false;
  settings.push_back(std::move(config));
  return settings;
}

void complete(ServeOptions& o) {
  http::HttpLimits& limits = o.http.limits;
  limits.max_body_bytes = std::min(o.limits.body_bytes, limits.body_budget);
  limits.header_timeout = milliseconds(o.header_timeout);
  limits.body_timeout = milliseconds(o.body_timeout);
  limits.idle_timeout = milliseconds(o.idle_timeout);
  limits.write_timeout = milliseconds(o.write_timeout);
  limits.stream_heartbeat = milliseconds(o.stream_heartbeat);
  o.http.drain = milliseconds(o.drain_seconds);
  o.jobs.queue.ageing = whole(o.ageing_seconds);
  o.jobs.engine.affinity = milliseconds(o.affinity_seconds);
  o.jobs.retention.result_age = whole(o.result_age_seconds);
  o.jobs.models.memory_limit_bytes = o.memory_limit;
  o.jobs.models.idle_unload = whole(o.idle_unload_seconds);
}

}  // namespace sdw::cli
