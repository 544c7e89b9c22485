#include "ops/linear.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <fmt/format.h>

#include "ops/op_profile.h"
#include "ops/packed_linear.h"
#include "ops/prepared_weight.h"
#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

void check_input(const char* op, const at::Tensor& input, const LinearWeight& weight) {
  require_shape(weight.weight.defined(), op, "weight", "a prepared weight", weight.weight);
  require_shape(input.defined() && input.dim() >= 1 && input.size(-1) == weight.in_features, op, "input",
                fmt::format("[..., {}]", weight.in_features), input);
}

OpCost cost_of(const at::Tensor& input, const LinearWeight& weight, std::int64_t columns_written) {
  const std::int64_t whole_rows = input.numel() / weight.in_features;
  const auto rows = static_cast<double>(whole_rows);
  OpCost cost{.op = "linear",
              .shape = fmt::format("{} x {} -> {}", rows, weight.in_features, weight.out_features),
              .arithmetic = weight.layout == LinearLayout::int8_panels   ? Arithmetic::int8
                            : weight.layout == LinearLayout::bf16_panels ? arithmetic_of_bf16()
                                                                         : Arithmetic::f32};
  cost.work = 2 * rows * static_cast<double>(weight.in_features * weight.out_features);
  cost.multiplied = cost.work;
  cost.bytes = static_cast<double>(input.nbytes() + weight.weight.nbytes()) +
               rows * static_cast<double>(columns_written * input.element_size());
  return cost;
}

// The one dispatch: panels were packed at load where our own kernel takes this product.
at::Tensor product(const at::Tensor& input, const LinearWeight& weight) {
  if (weight.layout != LinearLayout::plain) return packed_linear(input, weight, {});
  return at::linear(input, weight.weight, weight.bias);
}

}  // namespace

LinearWeight prepare_linear(const at::Tensor& weight, const at::Tensor& bias, const Placement& where) {
  const RunningOpScope running(running_op("prepare_linear", weight));
  const bool matrix = weight.defined() && weight.dim() == 2;
  const bool one_by_one = weight.defined() && weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1;
  require_shape(matrix || one_by_one, "prepare_linear", "weight", "[N, K] or [N, K, 1, 1]", weight);
  require_shape(!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0)), "prepare_linear",
                "bias", fmt::format("[{}]", weight.size(0)), bias);
  const auto plain = weight.view({weight.size(0), weight.size(1)});
  const LinearLayout layout = layout_for(weight.scalar_type(), where);
  return {layout == LinearLayout::plain ? prepared_copy(plain, where) : packed_panels(plain, layout),
          prepared_copy(bias, where), plain.size(0), plain.size(1), layout};
}

at::Tensor linear(const at::Tensor& input, const LinearWeight& weight) {
  check_input("linear", input, weight);
  const OpTimer timer(running_op("linear", input, weight.out_features),
                      [&] { return cost_of(input, weight, weight.out_features); });
  return product(input, weight);
}

at::Tensor linear_add(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual) {
  check_input("linear_add", input, weight);
  auto expected = input.sizes().vec();
  expected.back() = weight.out_features;
  require_shape(residual.defined() && residual.sizes() == expected, "linear_add", "residual",
                fmt::format("[{}]", fmt::join(expected, ", ")), residual);
  const OpTimer timer(running_op("linear_add", input, weight.out_features),
                      [&] { return cost_of(input, weight, 2 * weight.out_features); });
  if (weight.layout != LinearLayout::plain) return packed_linear(input, weight, residual);
  return product(input, weight).add_(residual);
}

at::Tensor geglu(const at::Tensor& input, const LinearWeight& weight) {
  check_input("geglu", input, weight);
  require_shape(weight.out_features % 2 == 0, "geglu", "weight", "an even number of rows", weight.weight);
  const OpTimer timer(running_op("geglu", input, weight.out_features), [&] {
    OpCost cost = cost_of(input, weight, weight.out_features / 2);
    cost.op = "geglu";
    return cost;
  });
  if (can_pack_geglu(weight)) return packed_geglu(input, weight);
  const std::vector<at::Tensor> halves = product(input, weight).chunk(2, -1);
  return at::gelu(halves[1]).mul_(halves[0]);
}

}  // namespace sdw::ops
