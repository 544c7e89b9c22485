#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace sdw::kernels::cpu {

// Rows of `columns` values: the first half of each times the exact gelu of the second.
inline std::vector<double> gated(const std::vector<double>& both, std::size_t columns) {
  std::vector<double> out;
  for (std::size_t first = 0; first < both.size(); first += columns) {
    for (std::size_t c = first; c < first + columns / 2; ++c) {
      const double gate = both[c + columns / 2];
      out.push_back(both[c] * gate * 0.5 * std::erfc(-gate / std::sqrt(2.0)));
    }
  }
  return out;
}

}  // namespace sdw::kernels::cpu
