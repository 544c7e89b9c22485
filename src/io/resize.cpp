#include "io/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace sdw::io {
namespace {

constexpr int kFractionBits = 32 - 8 - 2;
constexpr double kLobes = 3.0;

double sinc(double x) {
  return x == 0.0 ? 1.0 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

double lanczos(double x) {
  return -kLobes <= x && x < kLobes ? sinc(x) * sinc(x / kLobes) : 0.0;
}

// As Pillow rounds: numbers below -0.5 do not go to the nearest.
int rounded(double x) {
  return static_cast<int>(x + 0.5);  // NOLINT(bugprone-incorrect-roundings)
}

// For each output position: where its inputs begin and their fixed-point weights.
struct Taps {
  std::vector<int> first;
  std::vector<std::vector<int>> weights;
};

Taps make_taps(int in_size, int out_size) {
  const double scale = static_cast<double>(in_size) / out_size;
  const double filter_scale = std::max(scale, 1.0);
  const double support = kLobes * filter_scale;
  Taps taps;
  std::vector<double> weights;
  for (int out = 0; out < out_size; ++out) {
    const double center = (out + 0.5) * scale;
    const int first = std::max(0, rounded(center - support));
    const int last = std::min(in_size, rounded(center + support));
    weights.clear();
    double sum = 0;
    for (int in = first; in < last; ++in) {
      weights.push_back(lanczos((in - center + 0.5) / filter_scale));
      sum += weights.back();
    }
    std::vector<int> fixed;
    for (double weight : weights) {
      if (sum != 0.0) weight /= sum;
      fixed.push_back(static_cast<int>(std::copysign(0.5, weight) + weight * (1 << kFractionBits)));
    }
    taps.first.push_back(first);
    taps.weights.push_back(std::move(fixed));
  }
  return taps;
}

std::uint8_t to_byte(int fixed) {
  return static_cast<std::uint8_t>(std::clamp(fixed >> kFractionBits, 0, 255));
}

// One output value: taps along an axis whose neighbours are `stride` bytes apart.
std::uint8_t weigh(const std::uint8_t* input, std::size_t stride, const std::vector<int>& weights) {
  int sum = 1 << (kFractionBits - 1);
  for (std::size_t i = 0; i < weights.size(); ++i) sum += input[i * stride] * weights[i];
  return to_byte(sum);
}

Picture resize_rows(const Picture& in, int width) {
  const Taps taps = make_taps(in.width, width);
  Picture out{width, in.height, std::vector<std::uint8_t>(static_cast<std::size_t>(width) * in.height * 3)};
  auto* target = out.pixels.data();
  for (int y = 0; y < in.height; ++y) {
    const auto* row = in.pixels.data() + static_cast<std::size_t>(y) * in.width * 3;
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) *target++ = weigh(row + taps.first[x] * 3 + c, 3, taps.weights[x]);
    }
  }
  return out;
}

Picture resize_columns(const Picture& in, int height) {
  const Taps taps = make_taps(in.height, height);
  const std::size_t row_bytes = static_cast<std::size_t>(in.width) * 3;
  Picture out{in.width, height, std::vector<std::uint8_t>(row_bytes * height)};
  auto* target = out.pixels.data();
  for (int y = 0; y < height; ++y) {
    const auto* first = in.pixels.data() + taps.first[y] * row_bytes;
    for (std::size_t x = 0; x < row_bytes; ++x) *target++ = weigh(first + x, row_bytes, taps.weights[y]);
  }
  return out;
}

}  // namespace

Picture resize_lanczos(const Picture& picture, int width, int height) {
  Picture result = picture.width == width ? picture : resize_rows(picture, width);
  return result.height == height ? result : resize_columns(result, height);
}

std::vector<std::uint8_t> to_grey(const Picture& picture) {
  std::vector<std::uint8_t> grey;
  grey.reserve(picture.pixels.size() / 3);
  for (std::size_t i = 0; i + 2 < picture.pixels.size(); i += 3) {
    const int r = picture.pixels[i], g = picture.pixels[i + 1], b = picture.pixels[i + 2];
    grey.push_back(static_cast<std::uint8_t>((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16));
  }
  return grey;
}

}  // namespace sdw::io
