#include "cli/info_command.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/exit_code.h"
#include "cli/generate_options.h"
#include "cli/output.h"
#include "kernels/cpu/cache_sizes.h"
#include "kernels/cpu/instruction_set.h"
#include "pipeline/free_memory.h"

namespace sdw::cli {
namespace {

// As Linux tells it; empty where it does not.
std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "";
}

nlohmann::ordered_json caches() {
  const auto& sizes = kernels::cpu::cache_sizes();
  return {{"second_level_bytes", sizes.second_level},
          {"shared_bytes", sizes.shared},
          {"forced", kernels::cpu::cache_sizes_are_chosen()}};
}

nlohmann::ordered_json info() {
  nlohmann::ordered_json sets = nlohmann::ordered_json::array();
  for (const auto& set : kernels::cpu::instruction_sets()) {
    sets.push_back({{"name", set.name}, {"on_this_cpu", set.on_this_cpu}, {"chosen", set.chosen}});
  }
  return {{"version", SD_WORKER_VERSION},
          {"cpu", cpu_name()},
          {"threads", at::get_num_threads()},
          {"free_memory_bytes", pipeline::free_memory_bytes()},
          {"caches", caches()},
          {"instruction_sets", sets},
          {"aten_instruction_set", at::get_cpu_capability()},
          {"cuda_devices", gpu_count()}};
}

std::string text_lines(const nlohmann::ordered_json& info) {
  std::string sets;
  for (const auto& set : info.at("instruction_sets")) {
    const char* note = set.at("chosen").get<bool>()        ? " (used)"
                       : set.at("on_this_cpu").get<bool>() ? ""
                                                           : " (not here)";
    sets += fmt::format("{}{}{}", sets.empty() ? "" : ", ", set.at("name").get<std::string>(), note);
  }
  std::string text = fmt::format("sd-worker          {}\n", info.at("version").get<std::string>());
  text += fmt::format("CPU                {}, {} threads\n", info.at("cpu").get<std::string>(),
                      info.at("threads").get<int>());
  text += fmt::format("free memory        {:.1f} GB\n", info.at("free_memory_bytes").get<double>() / 1e9);
  const auto& caches = info.at("caches");
  text += fmt::format("caches             {} KiB a core, {} KiB shared{}\n",
                      caches.at("second_level_bytes").get<std::size_t>() >> 10,
                      caches.at("shared_bytes").get<std::size_t>() >> 10,
                      caches.at("forced").get<bool>() ? " (forced)" : "");
  text += fmt::format("kernels            {}\n", sets);
  text += fmt::format("ATen               {}\n", info.at("aten_instruction_set").get<std::string>());
  text += fmt::format("CUDA devices       {}\n", info.at("cuda_devices").get<int>());
  return text;
}

}  // namespace

void add_info_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("info", "tell what this program finds on this machine");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "one line of JSON");
  command->footer(
      "SD_WORKER_ISA names the instruction set that kernels use, instead of the best one;\n"
      "SD_WORKER_CACHES=SECOND_LEVEL,SHARED (as 512K,32M) the cache sizes that they plan for.");
  command->callback([json, &exit_code] {
    const Status printed = print(*json ? info().dump() + "\n" : text_lines(info()));
    exit_code = printed ? kOk : fail(printed.error());
  });
}

}  // namespace sdw::cli
