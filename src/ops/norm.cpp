#include "ops/norm.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/silu.h>
#include <array>
#include <fmt/format.h>

#include "kernels/cpu/pointwise.h"
#include "ops/op_profile.h"
#include "ops/ownership.h"
#include "ops/prepared_weight.h"
#include "ops/shape_check.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

void check_group_norm(const char* op, const at::Tensor& input, const NormWeight& weight) {
  require_shape(weight.weight.defined() && weight.groups > 0, op, "weight", "a prepared group norm",
                weight.weight);
  require_shape(input.defined() && input.dim() == 4 && input.size(1) == weight.weight.size(0), op, "input",
                fmt::format("[B, {}, H, W]", weight.weight.size(0)), input);
}

at::Tensor aten_group_norm(const at::Tensor& input, const NormWeight& weight) {
  return at::group_norm(input.contiguous(at::MemoryFormat::ChannelsLast), weight.groups, weight.weight,
                        weight.bias, weight.eps)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor aten_group_norm_silu(const at::Tensor& input, const NormWeight& weight) {
  at::Tensor out = aten_group_norm(input, weight);
  return at::silu_(out);
}

bool own_kernel_fits(const at::Tensor& input, const NormWeight& weight) {
  return takes_own_kernels(input) && weight.weight.scalar_type() == at::kFloat && input.numel() > 0;
}

// `shift` [B, C] or undefined.
at::Tensor own_group_norm(const at::Tensor& input, const at::Tensor& shift, const NormWeight& weight,
                          bool silu, bool in_place) {
  const at::Tensor source = input.contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor added = shift.defined() ? shift.contiguous() : shift;
  at::Tensor output =
      in_place ? source : at::empty(source.sizes(), source.options(), at::MemoryFormat::ChannelsLast);
  const auto size = [](std::int64_t count) { return static_cast<std::size_t>(count); };
  const kernels::cpu::GroupNorm norm{.input = source.const_data_ptr<float>(),
                                     .shift = added.defined() ? added.const_data_ptr<float>() : nullptr,
                                     .weight = weight.weight.const_data_ptr<float>(),
                                     .bias = weight.bias.const_data_ptr<float>(),
                                     .output = output.data_ptr<float>(),
                                     .batch = size(source.size(0)),
                                     .pixels = size(source.size(2) * source.size(3)),
                                     .channels = size(source.size(1)),
                                     .groups = size(weight.groups),
                                     .eps = weight.eps,
                                     .silu = silu};
  const auto plan = kernels::cpu::plan_group_norm(norm);
  float* const scratch = workspace(plan.scratch_floats);
  for_parts(plan.parts,
            [&](std::size_t part) { kernels::cpu::group_norm_statistics_part(norm, plan, part, scratch); });
  kernels::cpu::group_norm_finish(norm, plan, scratch);
  for_parts(plan.parts,
            [&](std::size_t part) { kernels::cpu::group_norm_apply_part(norm, plan, part, scratch); });
  return output;
}

at::Tensor own_layer_norm(const at::Tensor& input, const NormWeight& weight) {
  const at::Tensor source = input.contiguous();
  at::Tensor output = at::empty(source.sizes(), source.options());
  constexpr std::size_t kRows = 64;
  const auto width = static_cast<std::size_t>(source.size(-1));
  const std::size_t rows = static_cast<std::size_t>(source.numel()) / width;
  for_rows(rows, kRows, [&](std::size_t first, std::size_t count) {
    kernels::cpu::layer_norm(source.const_data_ptr<float>() + first * width, count, width,
                             weight.weight.const_data_ptr<float>(), weight.bias.const_data_ptr<float>(),
                             weight.eps, output.data_ptr<float>() + first * width);
  });
  return output;
}

at::Tensor aten_layer_norm(const at::Tensor& input, const NormWeight& weight) {
  const std::array<std::int64_t, 1> shape{weight.weight.size(0)};
  return at::layer_norm(input, shape, weight.weight, weight.bias, weight.eps);
}

OpCost cost_of(const char* op, const at::Tensor& input) {
  const double moved =
      3 * static_cast<double>(input.nbytes());  // read for the statistics, read again, written
  return {.op = op, .shape = shape_text(input), .bytes = moved};
}

}  // namespace

NormWeight prepare_norm(const at::Tensor& weight, const at::Tensor& bias, double eps, int groups,
                        const Placement& where) {
  require_shape(weight.defined() && weight.dim() == 1, "prepare_norm", "weight", "[C]", weight);
  require_shape(bias.defined() && bias.sizes() == weight.sizes(), "prepare_norm", "bias", shape_text(weight),
                bias);
  require_shape(groups == 0 || weight.size(0) % groups == 0, "prepare_norm", "weight",
                fmt::format("a multiple of {} groups", groups), weight);
  return {prepared_copy(weight, where), prepared_copy(bias, where), eps, groups};
}

at::Tensor group_norm(const at::Tensor& input, const NormWeight& weight) {
  check_group_norm("group_norm", input, weight);
  const OpTimer timer(running_op("group_norm", input), [&] { return cost_of("group_norm", input); });
  if (own_kernel_fits(input, weight)) return own_group_norm(input, {}, weight, false, false);
  return aten_group_norm(input, weight);
}

at::Tensor group_norm_silu(at::Tensor input, const NormWeight& weight) {
  check_group_norm("group_norm_silu", input, weight);
  const OpTimer timer(running_op("group_norm_silu", input),
                      [&] { return cost_of("group_norm_silu", input); });
  if (own_kernel_fits(input, weight)) {
    return own_group_norm(input, {}, weight, true, may_be_overwritten(input));
  }
  return aten_group_norm_silu(input, weight);
}

at::Tensor add_group_norm_silu(at::Tensor input, const at::Tensor& shift, const NormWeight& weight) {
  check_group_norm("add_group_norm_silu", input, weight);
  const OpTimer timer(running_op("add_group_norm_silu", input),
                      [&] { return cost_of("add_group_norm_silu", input); });
  require_shape(
      shift.defined() && shift.dim() == 2 && shift.size(0) == input.size(0) && shift.size(1) == input.size(1),
      "add_group_norm_silu", "shift", fmt::format("[{}, {}]", input.size(0), input.size(1)), shift);
  if (own_kernel_fits(input, weight)) {
    return own_group_norm(input, shift, weight, true, may_be_overwritten(input));
  }
  return aten_group_norm_silu(input.add(shift.unsqueeze(-1).unsqueeze(-1)), weight);
}

at::Tensor layer_norm(const at::Tensor& input, const NormWeight& weight) {
  require_shape(weight.weight.defined(), "layer_norm", "weight", "a prepared norm", weight.weight);
  require_shape(input.defined() && input.dim() >= 1 && input.size(-1) == weight.weight.size(0), "layer_norm",
                "input", fmt::format("[..., {}]", weight.weight.size(0)), input);
  const OpTimer timer(running_op("layer_norm", input), [&] { return cost_of("layer_norm", input); });
  if (own_kernel_fits(input, weight)) return own_layer_norm(input, weight);
  return aten_layer_norm(input, weight);
}

}  // namespace sdw::ops
