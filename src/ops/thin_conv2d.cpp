#include "ops/thin_conv2d.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <array>

#include "ops/packed_linear.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::size_t kTaps = 9;

struct Picture {
  std::size_t height, width;
};

// Calls `take(x, tap, neighbour)` for every pixel of row `row` (of all pictures, one below the other) and
// each of its neighbours, given as the number of a pixel, that the picture has.
template <class Take>
void for_neighbours(std::size_t row, const Picture& picture, const Take& take) {
  const std::size_t y = row % picture.height;
  for (std::size_t tap = 0; tap < kTaps; ++tap) {
    const std::size_t down = tap / 3, right = tap % 3;  // from the neighbour above, left
    if (y + down < 1 || y + down > picture.height) continue;
    const std::size_t first = right < 1 ? 1 : 0, last = std::min(picture.width, picture.width + 1 - right);
    const std::size_t neighbours = (row + down - 1) * picture.width;
    for (std::size_t x = first; x < last; ++x) take(x, tap, neighbours + x + right - 1);
  }
}

// Rows of pixels, of all pictures.
std::size_t rows_of(const at::Tensor& pixels) {
  return static_cast<std::size_t>(pixels.size(0) * pixels.size(1));
}

Picture picture_of(const at::Tensor& pixels) {
  return {static_cast<std::size_t>(pixels.size(1)), static_cast<std::size_t>(pixels.size(2))};
}

at::Tensor with_channels(const at::Tensor& pixels, std::int64_t channels) {
  return at::empty({pixels.size(0), pixels.size(1), pixels.size(2), channels}, pixels.options());
}

// `pixels` [B, H, W, C] -> each pixel's neighbours [B, H, W, taps, C], zeros beyond the border.
at::Tensor gathered_neighbours(const at::Tensor& pixels) {
  const auto channels = static_cast<std::size_t>(pixels.size(3)), width = kTaps * channels;
  const Picture picture = picture_of(pixels);
  at::Tensor gathered = with_channels(pixels, static_cast<std::int64_t>(width));
  const float* const from = pixels.const_data_ptr<float>();
  float* const to = gathered.data_ptr<float>();
  for_parts(rows_of(pixels), [&](std::size_t row) {
    float* const out = to + row * picture.width * width;
    std::fill_n(out, picture.width * width, 0.0F);
    for_neighbours(row, picture, [&](std::size_t x, std::size_t tap, std::size_t neighbour) {
      std::copy_n(from + neighbour * channels, channels, out + x * width + tap * channels);
    });
  });
  return gathered;
}

// `shares` [B, H, W, taps, C], what each pixel adds to its neighbours, and a bias -> [B, H, W, C].
at::Tensor summed_neighbours(const at::Tensor& shares, const at::Tensor& bias) {
  const auto width = static_cast<std::size_t>(shares.size(3)), channels = width / kTaps;
  const Picture picture = picture_of(shares);
  at::Tensor sums = with_channels(shares, static_cast<std::int64_t>(channels));
  const float* const from = shares.const_data_ptr<float>();
  const float* const start = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  float* const to = sums.data_ptr<float>();
  for_parts(rows_of(shares), [&](std::size_t row) {
    float* const out = to + row * picture.width * channels;
    for (std::size_t i = 0; i < picture.width * channels; ++i) out[i] = start ? start[i % channels] : 0.0F;
    for_neighbours(row, picture, [&](std::size_t x, std::size_t tap, std::size_t neighbour) {
      const float* const share = from + neighbour * width + tap * channels;
      for (std::size_t c = 0; c < channels; ++c) out[x * channels + c] += share[c];
    });
  });
  return sums;
}

}  // namespace

at::Tensor packed_thin_filters(const at::Tensor& weight, Conv2dLayout layout) {
  const at::Tensor matrix = layout == Conv2dLayout::few_inputs
                                ? weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1})
                                : weight.permute({2, 3, 0, 1}).reshape({-1, weight.size(1)});
  return packed_panels(matrix, LinearLayout::panels);
}

at::Tensor thin_conv2d(const at::Tensor& input, const Conv2dWeight& weight) {
  constexpr auto taps = static_cast<std::int64_t>(kTaps);
  const at::Tensor pixels = input.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
  const std::int64_t outputs = weight.filters[0], inputs = weight.filters[1];
  const at::Tensor out =
      weight.layout == Conv2dLayout::few_inputs
          ? packed_linear(gathered_neighbours(pixels),
                          {weight.weight, weight.bias, outputs, taps * inputs, LinearLayout::panels}, {})
          : summed_neighbours(
                packed_linear(pixels, {weight.weight, {}, taps * outputs, inputs, LinearLayout::panels}, {}),
                weight.bias);
  return out.permute({0, 3, 1, 2});
}

}  // namespace sdw::ops
