#include "cli/run_worker.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <sys/resource.h>

#include "http/listen_address.h"
#include "http/origin.h"
#include "http/server.h"
#include "io/regular_file.h"
#include "jobs/app_state.h"
#include "support/log.h"

namespace sdw::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKeyFile = 4096;
constexpr std::size_t kMaxKey = 1024;

Error usage(std::string message) {
  return {ErrorCode::invalid_request, std::move(message)};
}

// The key as a header can carry it.
Result<std::string> usable_key(std::string_view text, const std::string& source) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return usage(source + " is set, but holds no key");
  const std::string_view key = text.substr(first, text.find_last_not_of(kBlank) - first + 1);
  if (key.size() > kMaxKey) return usage(fmt::format("{} holds more than {} bytes", source, kMaxKey));
  if (std::ranges::any_of(key, [](unsigned char c) { return std::iscntrl(c) != 0; })) {
    return usage(source + " holds a line break or another control character within the key");
  }
  return std::string(key);
}

// Empty where no key is set.
Result<std::string> read_key(const fs::path& file) {
  if (file.empty()) {
    const char* value = std::getenv("SD_WORKER_API_KEY");
    return value ? usable_key(value, "SD_WORKER_API_KEY") : Result<std::string>(std::string());
  }
  const std::string source = fmt::format("the API key file {}", file.string());
  const auto bytes = io::read_file(file, kMaxKeyFile);
  if (!bytes) return usage(source + " cannot be read");
  return usable_key({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, source);
}

Status check_names(http::ServerSettings& settings) {
  for (const std::string& host : settings.allowed_hosts) {
    if (Status checked = http::check_allowed_host(host); !checked) return checked;
  }
  for (std::string& origin : settings.cors_origins) {
    auto normal = http::normal_origin(origin);
    if (!normal) return normal.error();
    origin = std::move(*normal);
  }
  return ok_status();
}

// Each connection takes a file descriptor, and the usual soft limit is 1024. What is left of the hard one is
// for models, devices and the worker's own.
void fit_connections(http::HttpLimits& limits) {
  constexpr rlim_t kOwnFiles = 64;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max == RLIM_INFINITY) return;
  const auto most = static_cast<std::size_t>(files.rlim_max - std::min(kOwnFiles, files.rlim_max / 2));
  if (limits.max_connections <= most) return;
  log::event(log::Level::warn, "max-connections is lowered to what the limit of open files allows",
             {{"max_connections", static_cast<std::int64_t>(most)},
              {"open_files", static_cast<std::int64_t>(files.rlim_max)}});
  limits.max_connections = most;
}

jobs::NamedModel named(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos && text.find('/') > equals) {
    return {text.substr(0, equals), text.substr(equals + 1)};
  }
  fs::path path = fs::path(text).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  std::error_code ignored;
  if (path == "." || path.filename() == "..") path = fs::canonical(path, ignored);
  return {jobs::name_of_model(path), text};
}

Status add_models(const ServeOptions& options, jobs::ModelStore& models) {
  for (const std::string& text : options.models) {
    if (Status added = models.add(named(text)); !added) return added;
  }
  if (!options.models_dir.empty()) {
    const auto found = models.scan(options.models_dir);
    if (!found) return found.error();
    if (*found == 0 && options.models.empty()) {
      return Error{ErrorCode::model_not_found,
                   fmt::format("there is no model in {}", options.models_dir.string())};
    }
  }
  const auto first = models.resolve("");
  return first ? models.request_load(*first) : Status(first.error());
}

}  // namespace

Status check_exposure(ServeOptions& options) {
  if (options.http.tls_certificate.empty() != options.http.tls_key.empty()) {
    return usage("--tls-cert and --tls-key need each other");
  }
  if (Status checked = check_names(options.http); !checked) return checked;
  auto key = read_key(options.api_key_file);
  if (!key) return key.error();
  options.http.api_key = std::move(*key);
  const auto address = http::listen_address(options.http.host, options.http.port);
  if (!address) return address.error();
  if (address->address().is_loopback() || options.insecure || !options.http.api_key.empty()) {
    return ok_status();
  }
  return usage(fmt::format(
      "{} is an address other machines reach: set a key (--api-key-file or SD_WORKER_API_KEY), or "
      "say --insecure to serve anybody",
      options.http.host));
}

Status run_worker(const ServeOptions& options, jobs::Backend& backend, jobs::Observer& observer,
                  prometheus::Registry& registry, const http::About& about) {
  http::ServerSettings settings = options.http;
  fit_connections(settings.limits);
  jobs::AppState app(backend, observer, options.jobs, options.limits);
  if (Status added = add_models(options, app.models); !added) return added;
  app.engine.start();
  http::HttpMetrics metrics(registry);
  http::Server server(http::Api{app, registry, metrics, settings, about});
  if (Status listening = server.listen(); !listening) return listening;
  log::notice(fmt::format("listening on {}", server.url()));
  server.run();
  return ok_status();
}

}  // namespace sdw::cli
