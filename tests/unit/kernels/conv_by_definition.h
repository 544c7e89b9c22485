#pragma once

#include <cstddef>
#include <vector>

namespace sdw::kernels::cpu {

// A 3x3 convolution of channels-last values, in double: bias, residual and upsampling as `conv` says (stride
// and padding too where it has them, else 1), filters [out_channels, 3, 3, in_channels] from `weight`.
template <class Conv>
std::vector<double> conv_by_definition(const Conv& conv, const std::vector<float>& weight) {
  const std::size_t shift = conv.upsample ? 1 : 0;
  std::size_t stride = 1, padding = 1;
  if constexpr (requires { conv.stride; }) stride = conv.stride, padding = conv.padding;
  std::vector<double> output;
  for (std::size_t b = 0; b < conv.batch; ++b) {
    for (std::size_t y = 0; y < conv.out_height; ++y) {
      for (std::size_t x = 0; x < conv.out_width; ++x) {
        for (std::size_t o = 0; o < conv.out_channels; ++o) {
          double sum = conv.bias != nullptr ? conv.bias[o] : 0.0;
          if (conv.residual != nullptr) sum += conv.residual[output.size()];
          for (std::size_t ky = 0; ky < 3; ++ky) {
            for (std::size_t kx = 0; kx < 3; ++kx) {
              const std::size_t iy = stride * y + ky - padding,
                                ix = stride * x + kx - padding;  // may wrap round
              if (iy >= conv.in_height << shift || ix >= conv.in_width << shift) continue;
              const float* pixel =
                  conv.input +
                  ((b * conv.in_height + (iy >> shift)) * conv.in_width + (ix >> shift)) * conv.in_channels;
              const float* filter = weight.data() + (o * 9 + ky * 3 + kx) * conv.in_channels;
              for (std::size_t c = 0; c < conv.in_channels; ++c)
                sum += static_cast<double>(pixel[c]) * filter[c];
            }
          }
          output.push_back(sum);
        }
      }
    }
  }
  return output;
}

}  // namespace sdw::kernels::cpu
