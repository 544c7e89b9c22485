#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::kernels::cpu {

// An instruction set that kernels are compiled for.
struct InstructionSet {
  std::string name;  // "amx", "avx512", "avx2", "neon", ...
  bool on_this_cpu = false;
  bool chosen = false;  // what kernels run with
};

// Those of this build, best first.
std::vector<InstructionSet> instruction_sets();

// Highway's targets that this CPU has and that no choice has disabled, as bits.
std::int64_t enabled_targets();

// Kernels run with this one from now on, instead of the CPU's best. Call before any kernel runs.
// Errors: invalid_request (no set has that name), device_unavailable (this build or this CPU has it not).
Status choose_instruction_set(std::string_view name);

}  // namespace sdw::kernels::cpu
