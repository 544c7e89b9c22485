#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace sdw::kernels::cpu {

// A product of [rows, depth] with the transpose of [columns, depth].
struct ProductCase {
  std::size_t rows, depth, columns;
  bool bias = true, residual = false, geglu = false;
};

// A sum of `depth` products of unit normals in float32 against double: rounding grows with the square root of
// depth.
inline double product_tolerance(std::size_t depth) {
  return 4e-7 * std::sqrt(static_cast<double>(depth)) + 1e-6;
}

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

// In double; `bias` and `residual` are looked at where the case has them.
inline std::vector<double> product_by_definition(const ProductCase& c, const std::vector<float>& input,
                                                 const std::vector<float>& weight,
                                                 const std::vector<float>& bias,
                                                 const std::vector<float>& residual) {
  std::vector<double> out(c.rows * c.columns);
  for (std::size_t r = 0; r < c.rows; ++r) {
    for (std::size_t n = 0; n < c.columns; ++n) {
      double sum = (c.bias ? bias[n] : 0.0) + (c.residual ? residual[r * c.columns + n] : 0.0);
      for (std::size_t k = 0; k < c.depth; ++k) {
        sum += static_cast<double>(input[r * c.depth + k]) * weight[n * c.depth + k];
      }
      out[r * c.columns + n] = sum;
    }
  }
  return c.geglu ? gated(out, c.columns) : out;
}

}  // namespace sdw::kernels::cpu
