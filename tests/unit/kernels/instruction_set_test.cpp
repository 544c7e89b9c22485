#include "kernels/cpu/instruction_set.h"

#include <gtest/gtest.h>
#include <map>
#include <string>

#include "kernels/cpu/gemm.h"
#include "unit/kernels/instruction_sets.h"

namespace sdw::kernels::cpu {
namespace {

// Columns of a panel of float32: two vectors of the instruction set that kernels run with.
std::size_t panel_width() {
  return packed_size(1, 1);
}

TEST(InstructionSet, KernelsRunWithTheChosenOneWhateverIsAskedAfterwards) {
  const std::map<std::string, std::size_t> widths = {{"avx512", 32}, {"avx2", 16}, {"sse4", 8}, {"ssse3", 8}};
  with_every_instruction_set([&] {
    for (const InstructionSet& set : instruction_sets()) {
      if (set.chosen && widths.contains(set.name)) {
        EXPECT_EQ(panel_width(), widths.at(set.name)) << set.name;
      }
    }
  });
}

}  // namespace
}  // namespace sdw::kernels::cpu
