#include "ops/linear.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <fmt/format.h>

#include "ops/prepared_weight.h"
#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

void check_input(const char* op, const at::Tensor& input, const LinearWeight& weight) {
  require_shape(weight.weight.defined(), op, "weight", "a prepared weight", weight.weight);
  require_shape(input.defined() && input.dim() >= 1 && input.size(-1) == weight.weight.size(1), op, "input",
                fmt::format("[..., {}]", weight.weight.size(1)), input);
}

at::Tensor aten_linear(const at::Tensor& input, const LinearWeight& weight) {
  return at::linear(input, weight.weight, weight.bias);
}

at::Tensor aten_geglu(const at::Tensor& input, const LinearWeight& weight) {
  const std::vector<at::Tensor> halves = aten_linear(input, weight).chunk(2, -1);
  return at::gelu(halves[1]).mul_(halves[0]);
}

}  // namespace

LinearWeight prepare_linear(const at::Tensor& weight, const at::Tensor& bias, const Placement& where) {
  const bool matrix = weight.defined() && weight.dim() == 2;
  const bool one_by_one = weight.defined() && weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1;
  require_shape(matrix || one_by_one, "prepare_linear", "weight", "[N, K] or [N, K, 1, 1]", weight);
  require_shape(!bias.defined() || (bias.dim() == 1 && bias.size(0) == weight.size(0)), "prepare_linear",
                "bias", fmt::format("[{}]", weight.size(0)), bias);
  return {prepared_copy(weight.view({weight.size(0), weight.size(1)}), where), prepared_copy(bias, where)};
}

at::Tensor linear(const at::Tensor& input, const LinearWeight& weight) {
  check_input("linear", input, weight);
  return aten_linear(input, weight);
}

at::Tensor linear_add(const at::Tensor& input, const LinearWeight& weight, const at::Tensor& residual) {
  check_input("linear_add", input, weight);
  at::Tensor out = aten_linear(input, weight);
  require_shape(residual.defined() && residual.sizes() == out.sizes(), "linear_add", "residual",
                shape_text(out), residual);
  return out.add_(residual);
}

at::Tensor geglu(const at::Tensor& input, const LinearWeight& weight) {
  check_input("geglu", input, weight);
  require_shape(weight.weight.size(0) % 2 == 0, "geglu", "weight", "an even number of rows", weight.weight);
  return aten_geglu(input, weight);
}

}  // namespace sdw::ops
