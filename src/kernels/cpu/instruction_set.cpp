#include "kernels/cpu/instruction_set.h"

#include <cstdint>
#include <fmt/format.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include "kernels/cpu/panel_block.h"

namespace sdw::kernels::cpu {
namespace {

struct Named {
  std::string_view name;
  std::int64_t target;
  PanelUnit unit = PanelUnit::none;
};

// Best first. Highway runs the best one of those that are built and not disabled.
constexpr Named kSets[] = {
    {"amx", HWY_AVX3, PanelUnit::amx},
    {"avx512_bf16", HWY_AVX3, PanelUnit::avx512_bf16},
    {"avx512_vnni", HWY_AVX3, PanelUnit::avx512_vnni},
    {"avx512", HWY_AVX3},
    {"avx2", HWY_AVX2},
    {"sse4", HWY_SSE4},
    {"ssse3", HWY_SSSE3},
    {"neon", HWY_NEON},
};

bool is_built(const Named& set) {
  return (HWY_TARGETS & set.target) != 0;
}

// Asked before any set is disabled.
bool is_supported(const Named& set) {
  static const std::int64_t of_this_cpu = enabled_targets();
  return (of_this_cpu & set.target) != 0 && has_panel_unit(set.unit);
}

bool is_enabled(const Named& set) {
  return (enabled_targets() & set.target) != 0 && panel_unit() == set.unit;
}

}  // namespace

// To be asked makes Highway forget which targets are disabled and choose the CPU's best: so it is told again.
std::int64_t enabled_targets() {
  const std::int64_t targets = hwy::SupportedTargets();
  hwy::GetChosenTarget().Update(targets);
  return targets;
}

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> out;
  bool found = false;
  for (const Named& set : kSets) {
    if (!is_built(set)) continue;
    const bool here = is_supported(set), usable = here && is_enabled(set);
    out.push_back({std::string(set.name), here, usable && !found});
    found = found || usable;
  }
  return out;
}

Status choose_instruction_set(std::string_view name) {
  for (const Named& set : kSets) {
    if (set.name != name) continue;
    const auto lacking = [&](std::string_view who) {
      return Error{ErrorCode::device_unavailable, fmt::format("{} lacks {}", who, name), "SD_WORKER_ISA"};
    };
    if (!is_built(set)) return lacking("this build");
    if (!is_supported(set)) return lacking("this CPU");
    hwy::DisableTargets(~set.target);
    enabled_targets();
    choose_panel_unit(set.unit);
    return ok_status();
  }
  std::string known;
  for (const Named& set : kSets) known += (known.empty() ? "" : ", ") + std::string(set.name);
  return Error{ErrorCode::invalid_request,
               fmt::format("no instruction set is named '{}'; known are {}", name, known), "SD_WORKER_ISA"};
}

}  // namespace sdw::kernels::cpu
