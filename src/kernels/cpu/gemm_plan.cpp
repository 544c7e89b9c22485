#include "kernels/cpu/gemm_plan.h"

#include "kernels/cpu/gemm.h"
#include "kernels/cpu/panel_gemm.h"
#include "support/round_up.h"

namespace sdw::kernels::cpu {
namespace {

std::size_t divide_up(std::size_t value, std::size_t by) {
  return (value + by - 1) / by;
}

}  // namespace

// The inputs of a part stay in half of the second-level cache. What is widened is used for many rows, and
// there are enough parts that threads end together.
GemmPlan plan_gemm(const Gemm& gemm, std::size_t threads, const CacheSizes& caches,
                   const TileGeometry& geometry) {
  constexpr std::size_t kMostRows = 240, kMostPanels = 8, kPartsPerThread = 24;
  const std::size_t tile_rows = geometry.tile_rows, halves = gemm.geglu ? 2 : 1;
  const std::size_t row_bytes = std::clamp<std::size_t>(gemm.depth, 1, kGemmPiece) * sizeof(float);
  const std::size_t most_rows = std::clamp(caches.second_level / 2 / row_bytes, 4 * tile_rows, kMostRows);
  GemmPlan plan;
  plan.panels = divide_up(gemm.columns / halves, geometry.panel_width);
  const std::size_t wanted_parts = std::max<std::size_t>(divide_up(gemm.rows, most_rows), 1);
  plan.block_rows = std::max(round_up(divide_up(gemm.rows, wanted_parts), tile_rows), tile_rows);
  // Whole tiles a part: fewer parts than were wanted may hold all rows.
  const std::size_t row_parts = divide_up(gemm.rows, plan.block_rows);
  const std::size_t parts = threads * kPartsPerThread;
  const std::size_t panels =
      std::clamp<std::size_t>(divide_up(plan.panels * row_parts, parts), 1, kMostPanels / halves);
  const std::size_t panel_parts = divide_up(plan.panels, panels);
  plan.block_panels = std::max<std::size_t>(divide_up(plan.panels, std::max<std::size_t>(panel_parts, 1)), 1);
  plan.parts = row_parts * divide_up(plan.panels, plan.block_panels);
  plan.thread_floats = (kGemmPiece + halves * plan.block_rows * plan.block_panels) * geometry.panel_width;
  return plan;
}

GemmPlan plan_panel_gemm(const PanelGemm& gemm, std::size_t threads) {
  // The rows of a part stay in the second-level cache beside a panel, and are converted once for its panels.
  constexpr std::size_t kInputBytes = std::size_t{512} << 10;
  constexpr std::size_t kLeastFitting = 2 * kBlockRows, kLeastRows = 4 * kBlockRows, kPanelsPerPart = 64;
  constexpr std::size_t kPartsPerThread = 4;
  const std::size_t depth = depth_words(gemm.type, gemm.depth), parts = threads * kPartsPerThread;
  const std::size_t fitting = kInputBytes / (depth * sizeof(Word)) / kBlockRows * kBlockRows;
  // Cut along the rows as far as each use of a panel is worth reading it, then along the columns.
  const std::size_t rows = std::max(round_up(divide_up(gemm.rows, parts), kBlockRows), kLeastRows);
  const std::size_t all_rows = std::max(round_up(gemm.rows, kBlockRows), kBlockRows);
  GemmPlan plan;
  plan.block_rows = std::min({std::max(fitting, kLeastFitting), rows, all_rows});
  plan.panels = round_up(gemm.columns, kPanelColumns) / kPanelColumns / (gemm.geglu ? 2 : 1);
  const std::size_t row_parts = divide_up(gemm.rows, plan.block_rows);
  const std::size_t cuts = std::clamp<std::size_t>(divide_up(parts, std::max<std::size_t>(row_parts, 1)), 1,
                                                   std::max<std::size_t>(plan.panels, 1));
  plan.block_panels = std::clamp<std::size_t>(divide_up(plan.panels, cuts), 1, kPanelsPerPart);
  plan.parts = row_parts * divide_up(plan.panels, plan.block_panels);
  constexpr std::size_t kScaleFloats = 2;  // of one row
  const std::size_t sums = gemm.geglu ? 2 * kPanelColumns : kPanelColumns;
  plan.thread_floats = plan.block_rows * (sums + kScaleFloats + depth / 2);
  return plan;
}

}  // namespace sdw::kernels::cpu
