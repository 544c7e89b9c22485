#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "models/weights.h"
#include "ops/conv2d.h"
#include "ops/linear.h"
#include "ops/norm.h"

namespace sdw::models {

enum class Bias { none, present };

// Each takes `<prefix>.weight` and `<prefix>.bias` in the given shape and prepares them. A layer that cannot
// be taken (see WeightMap::take) stays undefined.

ops::Conv2dWeight load_conv2d(WeightMap& weights, const std::string& prefix, std::int64_t in_channels,
                              std::int64_t out_channels, std::int64_t kernel, ops::Conv2dShape shape,
                              const ops::Placement& where);
// Also reads a 1x1 convolution [N, K, 1, 1].
ops::LinearWeight load_linear(WeightMap& weights, const std::string& prefix, std::int64_t in_features,
                              std::int64_t out_features, Bias bias, const ops::Placement& where);
// Layers without bias of the same sizes as one product: `out_features` columns of each, in this order.
ops::LinearWeight load_linears(WeightMap& weights, std::span<const std::string> prefixes,
                               std::int64_t in_features, std::int64_t out_features,
                               const ops::Placement& where);
ops::NormWeight load_norm(WeightMap& weights, const std::string& prefix, std::int64_t channels, double eps,
                          std::int64_t groups, const ops::Placement& where);

}  // namespace sdw::models
