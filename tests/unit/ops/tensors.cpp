#include "unit/ops/tensors.h"

#include <ATen/ops/empty.h>
#include <limits>
#include <random>

namespace sdw::ops {

at::Tensor random_tensor(at::IntArrayRef shape, unsigned seed) {
  at::Tensor out = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  for (std::int64_t i = 0; i < out.numel(); ++i) out.mutable_data_ptr<float>()[i] = normal(generator);
  return out;
}

at::Tensor random_picture(at::IntArrayRef shape, unsigned seed) {
  return random_tensor(shape, seed).contiguous(at::MemoryFormat::ChannelsLast);
}

double relative_error(const at::Tensor& got, const at::Tensor& expected) {
  if (got.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor difference = got.to(at::kDouble).sub(expected.to(at::kDouble));
  return difference.norm().item<double>() / expected.to(at::kDouble).norm().item<double>();
}

}  // namespace sdw::ops
