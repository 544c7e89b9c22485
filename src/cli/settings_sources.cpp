#include "cli/settings_sources.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <sstream>
#include <toml++/toml.h>

namespace sdw::cli {
namespace {

using Values = std::vector<std::string>;
using ByKey = std::map<std::string, Values>;

Error usage(std::string message) {
  return {ErrorCode::invalid_request, std::move(message)};
}

std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

Values split(const std::string& text) {
  Values values;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, ',');) values.push_back(trimmed(part));
  return values;
}

std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  return std::nullopt;
}

std::optional<Values> values_of(const toml::node& node) {
  Values values;
  const auto* array = node.as_array();
  if (!array) {
    if (auto value = scalar(node)) return Values{*value};
    return std::nullopt;
  }
  for (const toml::node& entry : *array) {
    auto value = scalar(entry);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

Result<ByKey> read_file(const std::string& path, const std::vector<Setting>& settings) {
  ByKey lines;
  try {
    const toml::table table = toml::parse_file(path);
    for (const auto& [key, node] : table) {
      const std::string name(key.str());
      const auto line = node.source().begin.line;
      const auto setting = std::find_if(settings.begin(), settings.end(), [&](const Setting& entry) {
        return entry.in_file && entry.key() == name;
      });
      if (setting == settings.end()) {
        return usage(fmt::format("{}:{}: there is no setting \"{}\"", path, line, name));
      }
      auto values = values_of(node);
      if (!values || (values->size() > 1 && !setting->list)) {
        return usage(fmt::format("{}:{}: \"{}\" has the wrong type", path, line, name));
      }
      lines[name] = std::move(*values);
    }
  } catch (const toml::parse_error& error) {
    return usage(fmt::format("{}:{}: {}", path, error.source().begin.line, error.description()));
  }
  return lines;
}

Status apply(CLI::Option& option, const Values& values, const std::string& source) {
  try {
    for (const std::string& value : values) option.add_result(value);
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    return usage(fmt::format("{}: {}", source, error.what()));
  }
  return ok_status();
}

}  // namespace

std::vector<CLI::Option*> add_flags(CLI::App& command, const std::vector<Setting>& settings) {
  std::vector<CLI::Option*> options;
  for (const Setting& setting : settings) {
    options.push_back(setting.add(command, setting.flag(), setting.help));
    options.back()->group(std::string(setting.group));
  }
  return options;
}

Status read_environment_and_file(const std::vector<Setting>& settings,
                                 const std::vector<CLI::Option*>& options, const std::string& config) {
  std::string path = config;
  if (const char* named = std::getenv("SD_WORKER_CONFIG"); path.empty() && named) {
    path = trimmed(named);
    if (path.empty()) return usage("SD_WORKER_CONFIG is set, but empty");
  }
  ByKey lines;
  if (!path.empty()) {
    auto read = read_file(path, settings);
    if (!read) return read.error();
    lines = std::move(*read);
  }
  for (std::size_t i = 0; i < settings.size(); ++i) {
    const Setting& setting = settings[i];
    if (options[i]->count() > 0) continue;
    Status applied = ok_status();
    if (const char* value = std::getenv(setting.variable().c_str())) {
      const std::string text = trimmed(value);
      if (text.empty()) return usage(fmt::format("{} is set, but empty", setting.variable()));
      applied = apply(*options[i], setting.list ? split(text) : Values{text}, setting.variable());
    } else if (const auto line = lines.find(setting.key()); line != lines.end()) {
      applied = apply(*options[i], line->second, fmt::format("{}: {}", path, setting.key()));
    }
    if (!applied) return applied;
  }
  return ok_status();
}

}  // namespace sdw::cli
