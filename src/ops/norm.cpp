#include "ops/norm.h"

#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/silu.h>
#include <array>
#include <fmt/format.h>

#include "ops/prepared_weight.h"
#include "ops/shape_check.h"

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

at::Tensor aten_layer_norm(const at::Tensor& input, const NormWeight& weight) {
  const std::array<std::int64_t, 1> shape{weight.weight.size(0)};
  return at::layer_norm(input, shape, weight.weight, weight.bias, weight.eps);
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
  return aten_group_norm(input, weight);
}

at::Tensor group_norm_silu(const at::Tensor& input, const NormWeight& weight) {
  check_group_norm("group_norm_silu", input, weight);
  return aten_group_norm_silu(input, weight);
}

at::Tensor add_group_norm_silu(const at::Tensor& input, const at::Tensor& shift, const NormWeight& weight) {
  check_group_norm("add_group_norm_silu", input, weight);
  require_shape(
      shift.defined() && shift.dim() == 2 && shift.size(0) == input.size(0) && shift.size(1) == input.size(1),
      "add_group_norm_silu", "shift", fmt::format("[{}, {}]", input.size(0), input.size(1)), shift);
  return aten_group_norm_silu(input.add(shift.unsqueeze(-1).unsqueeze(-1)), weight);
}

at::Tensor layer_norm(const at::Tensor& input, const NormWeight& weight) {
  require_shape(weight.weight.defined(), "layer_norm", "weight", "a prepared norm", weight.weight);
  require_shape(input.defined() && input.dim() >= 1 && input.size(-1) == weight.weight.size(0), "layer_norm",
                "input", fmt::format("[..., {}]", weight.weight.size(0)), input);
  return aten_layer_norm(input, weight);
}

}  // namespace sdw::ops
