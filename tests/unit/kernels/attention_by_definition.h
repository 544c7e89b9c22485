#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cpu/attention.h"

namespace sdw::kernels::cpu {

// In double.
inline std::vector<double> attention_by_definition(const Attention& a) {
  const std::size_t width = a.heads * a.head_dim;
  std::vector<double> output(a.batch * a.queries * width);
  for (std::size_t b = 0; b < a.batch; ++b) {
    for (std::size_t q = 0; q < a.queries; ++q) {
      for (std::size_t at = 0; at < width; at += a.head_dim) {
        const std::size_t seen = a.causal ? q + 1 : a.keys;
        std::vector<double> weights(seen);
        double most = -INFINITY, sum = 0;
        for (std::size_t k = 0; k < seen; ++k) {
          double score = 0;
          for (std::size_t d = at; d < at + a.head_dim; ++d)
            score += static_cast<double>(a.query[(b * a.queries + q) * a.query_stride + d]) *
                     a.key[(b * a.keys + k) * a.key_stride + d];
          weights[k] = score / std::sqrt(static_cast<double>(a.head_dim));
          most = std::max(most, weights[k]);
        }
        for (double& weight : weights) sum += weight = std::exp(weight - most);
        for (std::size_t k = 0; k < seen; ++k) {
          for (std::size_t d = at; d < at + a.head_dim; ++d)
            output[(b * a.queries + q) * width + d] +=
                weights[k] / sum * a.value[(b * a.keys + k) * a.key_stride + d];
        }
      }
    }
  }
  return output;
}

}  // namespace sdw::kernels::cpu
