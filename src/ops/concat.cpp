#include "ops/concat.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "ops/op_profile.h"
#include "ops/precision.h"
#include "ops/shape_check.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

bool own_kernel_fits(const at::Tensor& input) {
  return takes_own_kernels(input) && input.is_contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor own_concat(const at::Tensor& first, const at::Tensor& second) {
  constexpr std::size_t kPixels = 64;
  const std::array shape{first.size(0), first.size(1) + second.size(1), first.size(2), first.size(3)};
  at::Tensor output = at::empty(shape, first.options(), at::MemoryFormat::ChannelsLast);
  const auto left = static_cast<std::size_t>(first.size(1)), right = static_cast<std::size_t>(second.size(1));
  const float *const from_first = first.const_data_ptr<float>(),
                     *from_second = second.const_data_ptr<float>();
  float* const to = output.data_ptr<float>();
  for_rows(static_cast<std::size_t>(first.numel()) / left, kPixels,
           [&](std::size_t pixel, std::size_t count) {
             for (const std::size_t end = pixel + count; pixel < end; ++pixel) {
               float* const out = std::copy_n(from_first + pixel * left, left, to + pixel * (left + right));
               std::copy_n(from_second + pixel * right, right, out);
             }
           });
  return output;
}

}  // namespace

at::Tensor concat_channels(const at::Tensor& first, const at::Tensor& second) {
  require_shape(first.defined() && first.dim() == 4, "concat_channels", "first", "[B, C, H, W]", first);
  require_shape(second.defined() && second.dim() == 4 && second.size(0) == first.size(0) &&
                    second.size(2) == first.size(2) && second.size(3) == first.size(3),
                "concat_channels", "second",
                fmt::format("[{}, C, {}, {}]", first.size(0), first.size(2), first.size(3)), second);
  const OpTimer timer(running_op("concat_channels", first, first.size(1) + second.size(1)), [&] {
    return OpCost{.op = "concat_channels",
                  .shape = fmt::format("{} + {}", shape_text(first), second.size(1)),
                  .bytes = 2 * static_cast<double>(first.nbytes() + second.nbytes())};
  });
  if (first.numel() > 0 && own_kernel_fits(first) && own_kernel_fits(second)) {
    return own_concat(first, second);
  }
  return at::cat({first, second}, 1);
}

}  // namespace sdw::ops
