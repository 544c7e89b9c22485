#include "models/layers.h"

#include <ATen/ops/cat.h>
#include <vector>

namespace sdw::models {

ops::Conv2dWeight load_conv2d(WeightMap& weights, const std::string& prefix, std::int64_t in_channels,
                              std::int64_t out_channels, std::int64_t kernel, ops::Conv2dShape shape,
                              const ops::Placement& where) {
  const at::Tensor weight = weights.take(prefix + ".weight", {out_channels, in_channels, kernel, kernel});
  const at::Tensor bias = weights.take(prefix + ".bias", {out_channels});
  if (!weight.defined() || !bias.defined()) return {};
  return ops::prepare_conv2d(weight, bias, shape, where);
}

ops::LinearWeight load_linear(WeightMap& weights, const std::string& prefix, std::int64_t in_features,
                              std::int64_t out_features, Bias bias, const ops::Placement& where) {
  const std::string name = prefix + ".weight";
  const bool one_by_one = weights.shape_of(name).size() == 4;
  const at::Tensor weight = one_by_one ? weights.take(name, {out_features, in_features, 1, 1})
                                       : weights.take(name, {out_features, in_features});
  at::Tensor bias_tensor;
  if (bias == Bias::present) {
    bias_tensor = weights.take(prefix + ".bias", {out_features});
    if (!bias_tensor.defined()) return {};
  }
  if (!weight.defined()) return {};
  return ops::prepare_linear(weight, bias_tensor, where);
}

ops::LinearWeight load_linears(WeightMap& weights, std::span<const std::string> prefixes,
                               std::int64_t in_features, std::int64_t out_features,
                               const ops::Placement& where) {
  std::vector<at::Tensor> parts;
  for (const std::string& prefix : prefixes) {
    parts.push_back(weights.take(prefix + ".weight", {out_features, in_features}));
  }
  for (const at::Tensor& part : parts) {
    if (!part.defined()) return {};
  }
  return ops::prepare_linear(at::cat(parts), {}, where);
}

ops::NormWeight load_norm(WeightMap& weights, const std::string& prefix, std::int64_t channels, double eps,
                          std::int64_t groups, const ops::Placement& where) {
  const at::Tensor weight = weights.take(prefix + ".weight", {channels});
  const at::Tensor bias = weights.take(prefix + ".bias", {channels});
  if (!weight.defined() || !bias.defined()) return {};
  return ops::prepare_norm(weight, bias, eps, static_cast<int>(groups), where);
}

}  // namespace sdw::models
