#include "schedulers/noise.h"

#include <ATen/ops/randn.h>

namespace sdw::schedulers {

at::Tensor draw_noise(const at::Tensor& like, at::Generator& generator) {
  return at::randn(like.sizes(), generator, at::TensorOptions(at::kFloat)).to(like.device());
}

}  // namespace sdw::schedulers
