#include "ops/take_rows.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <stdexcept>
#include <vector>

#include "ops/op_profile.h"
#include "ops/precision.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

void require_rows(const at::Tensor& input, std::span<const std::int64_t> rows) {
  const auto inside = [&](std::int64_t row) { return row >= 0 && row < input.size(0); };
  if (std::all_of(rows.begin(), rows.end(), inside)) return;
  throw std::invalid_argument(
      fmt::format("take_rows: expected rows in [0, {}), got [{}]", input.size(0), fmt::join(rows, ", ")));
}

// A copy of ATen's would wake OpenMP's threads beside ours.
at::Tensor own_take_rows(const at::Tensor& input, std::span<const std::int64_t> rows,
                         at::MemoryFormat layout) {
  constexpr std::size_t kBytes = 65536;
  std::vector<std::int64_t> shape = input.sizes().vec();
  shape[0] = static_cast<std::int64_t>(rows.size());
  at::Tensor output = at::empty(shape, input.options(), layout);
  const std::size_t row_bytes = input.nbytes() / static_cast<std::size_t>(input.size(0));
  const auto* const from = static_cast<const std::byte*>(input.const_data_ptr());
  auto* const to = static_cast<std::byte*>(output.data_ptr());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::byte* const source = from + static_cast<std::size_t>(rows[i]) * row_bytes;
    for_rows(row_bytes, kBytes, [&](std::size_t first, std::size_t count) {
      std::memcpy(to + i * row_bytes + first, source + first, count);
    });
  }
  return output;
}

}  // namespace

at::Tensor take_rows(const at::Tensor& input, std::span<const std::int64_t> rows) {
  require_rows(input, rows);
  const OpTimer timer(running_op("take_rows", input), [&] {
    return OpCost{.op = "take_rows",
                  .shape = fmt::format("{} of {}", rows.size(), input.size(0)),
                  .bytes = 2 * static_cast<double>(input.nbytes()) * static_cast<double>(rows.size()) /
                           static_cast<double>(input.size(0))};
  });
  const at::MemoryFormat layout = input.suggest_memory_format();
  if (input.device().is_cpu() && input.is_contiguous(layout) && !aten_forced()) {
    return own_take_rows(input, rows, layout);
  }
  return at::index_select(input, 0, at::tensor(rows, at::kLong).to(input.device())).contiguous(layout);
}

}  // namespace sdw::ops
