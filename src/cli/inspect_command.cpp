#include "cli/inspect_command.h"

#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/exit_code.h"
#include "cli/output.h"
#include "pipeline/exceptions.h"
#include "pipeline/inspect_model.h"

namespace sdw::cli {
namespace {

using pipeline::ComponentReport;
using pipeline::ModelReport;

nlohmann::json to_json(const ComponentReport& component) {
  return {{"name", component.name},     {"parameters", component.parameters}, {"bytes", component.bytes},
          {"dtypes", component.dtypes}, {"problems", component.problems},     {"unused", component.unused}};
}

nlohmann::json to_json(const ModelReport& report) {
  auto components = nlohmann::json::array();
  for (const auto& component : report.components) components.push_back(to_json(component));
  nlohmann::json json = {{"kind", report.kind}, {"components", components}};
  if (!report.family.empty()) {
    json.update({{"family", report.family},
                 {"inpainting", report.inpainting},
                 {"scheduler", report.scheduler},
                 {"prediction_type", report.prediction_type},
                 {"width", report.width},
                 {"height", report.height}});
  }
  return json;
}

std::string dtypes_text(const ComponentReport& component) {
  std::string text;
  for (const auto& [dtype, parameters] : component.dtypes) text += (text.empty() ? "" : "+") + dtype;
  return text;
}

std::string text_lines(const ModelReport& report) {
  std::string text = report.kind;
  if (!report.family.empty()) {
    text += fmt::format(": {}{}, {} ({}), {}x{}", report.family, report.inpainting ? " inpainting" : "",
                        report.scheduler, report.prediction_type, report.width, report.height);
  }
  text += '\n';
  for (const auto& component : report.components) {
    text += fmt::format("  {:<16} {:>8.2f} M parameters  {:>9.1f} MB  {}\n", component.name,
                        component.parameters / 1e6, component.bytes / 1e6, dtypes_text(component));
    for (const auto& problem : component.problems) text += fmt::format("    problem: {}\n", problem);
    for (const auto& name : component.unused) text += fmt::format("    unused:  {}\n", name);
  }
  return text;
}

bool usable(const ModelReport& report) {
  for (const auto& component : report.components) {
    if (!component.problems.empty()) return false;
  }
  return true;
}

int run(const std::string& path, bool json) {
  try {
    const auto report = value_or_throw(pipeline::inspect_model(path));
    constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
    value_or_throw(print(json ? to_json(report).dump(-1, ' ', false, kReplace) + "\n" : text_lines(report)));
    return usable(report) ? kOk : kModel;
  } catch (...) {
    return fail(pipeline::error_from_exception(std::current_exception()));
  }
}

}  // namespace

void add_inspect_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("inspect", "tell what is in a model folder or file");
  auto path = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("model", *path, "diffusers folder or .safetensors file")->required();
  command->add_flag("--json", *json, "one line of JSON");
  command->callback([path, json, &exit_code] { exit_code = run(*path, *json); });
}

}  // namespace sdw::cli
