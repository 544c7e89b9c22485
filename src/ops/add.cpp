#include "ops/add.h"

#include <ATen/ops/empty_like.h>
#include <cstddef>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/op_profile.h"
#include "ops/precision.h"
#include "ops/shape_check.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

bool own_kernel_fits(const at::Tensor& input) {
  return takes_own_kernels(input) && input.is_contiguous();
}

// ATen's would wake OpenMP's threads beside ours.
at::Tensor own_add(const at::Tensor& first, const at::Tensor& second) {
  constexpr std::size_t kElements = 16384;
  at::Tensor output = at::empty_like(first);
  const float *const a = first.const_data_ptr<float>(), *const b = second.const_data_ptr<float>();
  float* const out = output.data_ptr<float>();
  for_rows(static_cast<std::size_t>(first.numel()), kElements, [&](std::size_t begin, std::size_t count) {
    for (std::size_t i = begin; i < begin + count; ++i) out[i] = a[i] + b[i];
  });
  return output;
}

}  // namespace

at::Tensor add(const at::Tensor& first, const at::Tensor& second) {
  require_shape(second.sizes() == first.sizes(), "add", "second",
                fmt::format("[{}]", fmt::join(first.sizes(), ", ")), second);
  const OpTimer timer(running_op("add", first), [&] {
    return OpCost{.op = "add", .shape = shape_text(first), .bytes = 3 * static_cast<double>(first.nbytes())};
  });
  if (first.numel() > 0 && own_kernel_fits(first) && own_kernel_fits(second)) return own_add(first, second);
  return first.add(second);
}

}  // namespace sdw::ops
