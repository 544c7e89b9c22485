#pragma once

#include <algorithm>
#include <cstddef>

namespace sdw::kernels::cpu {

// Depth of a piece of a panel, which stays in the second-level cache when it is widened.
inline constexpr std::size_t kGemmPiece = 1280;

// How a product is cut into independent parts, each a block of rows times some neighbouring panels; each
// thread brings `thread_floats` of scratch memory.
struct GemmPlan {
  std::size_t parts = 0;
  std::size_t thread_floats = 0;
  std::size_t block_rows = 0, block_panels = 0;  // of one part
  std::size_t panels = 0;                        // of the output
};

struct GemmPart {
  std::size_t first_row, rows;
  std::size_t first_panel, panels;
};

// Neighbouring parts share their rows. Precondition: part < plan.parts, of a plan for `all_rows`.
inline GemmPart part_of(const GemmPlan& plan, std::size_t part, std::size_t all_rows) {
  const std::size_t panel_parts = (plan.panels + plan.block_panels - 1) / plan.block_panels;
  const std::size_t first_row = part / panel_parts * plan.block_rows;
  const std::size_t first_panel = part % panel_parts * plan.block_panels;
  return {first_row, std::min(plan.block_rows, all_rows - first_row), first_panel,
          std::min(plan.block_panels, plan.panels - first_panel)};
}

}  // namespace sdw::kernels::cpu
