#include "ops/conv2d.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/upsample_nearest2d.h>
#include <array>
#include <fmt/format.h>

#include "ops/matrix_conv2d.h"
#include "ops/op_profile.h"
#include "ops/own_conv2d.h"
#include "ops/prepared_weight.h"
#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

void check_input(const char* op, const at::Tensor& input, const Conv2dWeight& weight) {
  require_shape(weight.weight.defined(), op, "weight", "a prepared weight", weight.weight);
  require_shape(input.defined() && input.dim() == 4 && input.size(1) == weight.filters[1], op, "input",
                fmt::format("[B, {}, H, W]", weight.filters[1]), input);
  const std::int64_t border = 2 * weight.shape.padding + weight.shape.padding_end;
  require_shape(input.size(2) + border >= weight.filters[2] && input.size(3) + border >= weight.filters[3],
                op, "input", "at least as large as the kernel", input);
}

at::Tensor aten_conv2d(const at::Tensor& input, const Conv2dWeight& weight) {
  at::Tensor padded = input.contiguous(at::MemoryFormat::ChannelsLast);
  if (weight.shape.padding_end > 0) {
    const std::array<std::int64_t, 4> border{0, weight.shape.padding_end, 0, weight.shape.padding_end};
    padded = at::constant_pad_nd(padded, border).contiguous(at::MemoryFormat::ChannelsLast);
  }
  const std::array<std::int64_t, 2> stride{weight.shape.stride, weight.shape.stride};
  const std::array<std::int64_t, 2> padding{weight.shape.padding, weight.shape.padding};
  return at::conv2d(padded, weight.weight, weight.bias, stride, padding)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

// Of a convolution that keeps height and width.
bool has_output_shape(const at::Tensor& residual, const at::Tensor& input, const Conv2dWeight& weight) {
  return residual.size(0) == input.size(0) && residual.size(1) == weight.filters[0] &&
         residual.size(2) == input.size(2) && residual.size(3) == input.size(3);
}

bool is_matrix(Conv2dLayout layout) {
  return layout == Conv2dLayout::gathered || layout == Conv2dLayout::summed;
}

// By a kernel that can add a residual and upsample.
bool is_own(Conv2dLayout layout) {
  return layout != Conv2dLayout::plain && !is_matrix(layout);
}

Arithmetic arithmetic_of(Conv2dLayout layout) {
  if (layout == Conv2dLayout::int8_panels) return Arithmetic::int8;
  const bool floats = layout == Conv2dLayout::plain || is_matrix(layout) ||
                      layout == Conv2dLayout::winograd || layout == Conv2dLayout::winograd_f16 ||
                      layout == Conv2dLayout::winograd_exact_bf16;
  return floats ? Arithmetic::f32 : arithmetic_of_bf16();
}

OpCost cost_of(const at::Tensor& input, const Conv2dWeight& weight, std::int64_t height, std::int64_t width,
               const at::Tensor& residual, bool upsample = false) {
  const auto [outputs, inputs, kernel_height, kernel_width] = weight.filters;
  const double pixels = static_cast<double>(input.size(0) * height * width);
  OpCost cost{.op = fmt::format("conv2d {}x{}", kernel_height, kernel_width),
              .shape = fmt::format("{}x{}x{}x{} -> {}", input.size(0), inputs, height, width, outputs),
              .arithmetic = arithmetic_of(weight.layout)};
  cost.work = 2 * pixels * static_cast<double>(outputs * inputs * kernel_height * kernel_width);
  cost.multiplied = cost.work * multiplied_share(weight, input.size(0), height, width, upsample);
  cost.bytes = static_cast<double>(input.nbytes() + weight.weight.nbytes()) +
               pixels * static_cast<double>(outputs * input.element_size()) * (residual.defined() ? 2 : 1);
  return cost;
}

// Of a convolution with neither residual nor upsampling.
OpCost cost_of(const at::Tensor& input, const Conv2dWeight& weight) {
  return cost_of(input, weight, output_size(input.size(2), weight.filters[2], weight.shape),
                 output_size(input.size(3), weight.filters[3], weight.shape), {});
}

}  // namespace

Conv2dWeight prepare_conv2d(const at::Tensor& weight, const at::Tensor& bias, Conv2dShape shape,
                            const Placement& where) {
  const RunningOpScope running(running_op("prepare_conv2d", weight));
  require_shape(weight.defined() && weight.dim() == 4, "prepare_conv2d", "weight", "[C_out, C_in, kh, kw]",
                weight);
  require_shape(!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0)), "prepare_conv2d",
                "bias", fmt::format("[{}]", weight.size(0)), bias);
  const Conv2dLayout layout = layout_for(weight, shape, where);
  const auto packed = [&] {
    if (is_own(layout)) return packed_filters(weight, layout);
    return is_matrix(layout) ? packed_matrix_filters(weight, layout) : prepared_channels_last(weight, where);
  };
  return {packed(),
          prepared_copy(bias, where),
          shape,
          {weight.size(0), weight.size(1), weight.size(2), weight.size(3)},
          layout};
}

at::Tensor conv2d(const at::Tensor& input, const Conv2dWeight& weight) {
  check_input("conv2d", input, weight);
  const OpTimer timer(running_op("conv2d", input, weight.filters[0]), [&] { return cost_of(input, weight); });
  if (is_own(weight.layout)) return own_conv2d(input, weight, {}, false);
  return is_matrix(weight.layout) ? matrix_conv2d(input, weight) : aten_conv2d(input, weight);
}

at::Tensor conv2d_add(const at::Tensor& input, const Conv2dWeight& weight, at::Tensor residual) {
  check_input("conv2d_add", input, weight);
  require_shape(residual.defined() && residual.dim() == 4, "conv2d_add", "residual", "[B, C_out, H', W']",
                residual);
  const OpTimer timer(running_op("conv2d_add", input, weight.filters[0]),
                      [&] { return cost_of(input, weight, residual.size(2), residual.size(3), residual); });
  if (is_own(weight.layout) && has_output_shape(residual, input, weight)) {
    return own_conv2d(input, weight, residual, false);
  }
  at::Tensor out = conv2d(input, weight);
  require_shape(residual.sizes() == out.sizes(), "conv2d_add", "residual", shape_text(out), residual);
  return out.add_(residual);
}

at::Tensor upsample_conv2d(const at::Tensor& input, const Conv2dWeight& weight, int height, int width) {
  check_input("upsample_conv2d", input, weight);
  require_shape(height >= input.size(2) && width >= input.size(3), "upsample_conv2d", "input",
                fmt::format("at most {} by {}", height, width), input);
  const bool doubled = height == 2 * input.size(2) && width == 2 * input.size(3);
  const OpTimer timer(running_op("upsample_conv2d", input, weight.filters[0]),
                      [&] { return cost_of(input, weight, height, width, {}, doubled); });
  if (doubled && is_own(weight.layout)) return own_conv2d(input, weight, {}, true);
  const std::array<std::int64_t, 2> size{height, width};
  return conv2d(at::upsample_nearest2d(input.contiguous(at::MemoryFormat::ChannelsLast), size), weight);
}

}  // namespace sdw::ops
