#pragma once

#include <algorithm>
#include <cstddef>

namespace sdw::kernels::cpu {

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

// Neighbouring parts share their rows.
inline GemmPart part_of(const GemmPlan& plan, std::size_t part, std::size_t all_rows) {
  const std::size_t panel_parts = (plan.panels + plan.block_panels - 1) / plan.block_panels;
  const std::size_t first_row = part / panel_parts * plan.block_rows;
  const std::size_t first_panel = part % panel_parts * plan.block_panels;
  return {first_row, std::min(plan.block_rows, all_rows - first_row), first_panel,
          std::min(plan.block_panels, plan.panels - first_panel)};
}

}  // namespace sdw::kernels::cpu
