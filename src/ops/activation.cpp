#include "ops/activation.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>
#include <stdexcept>

#include "ops/running_op.h"
#include "ops/shape_check.h"

namespace sdw::ops {
namespace {

at::Tensor aten_activate(const at::Tensor& input, Activation activation) {
  switch (activation) {
    case Activation::silu:
      return at::silu(input);
    case Activation::gelu:
      return at::gelu(input);
    case Activation::quick_gelu:
      return at::mul(input, at::sigmoid(at::mul(input, 1.702)));
  }
  throw std::invalid_argument("activate: unknown activation");
}

}  // namespace

at::Tensor activate(const at::Tensor& input, Activation activation) {
  require_shape(input.defined(), "activate", "input", "a tensor", input);
  const RunningOpScope running(running_op("activate", input));
  return aten_activate(input, activation);
}

}  // namespace sdw::ops
