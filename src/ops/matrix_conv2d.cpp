#include "ops/matrix_conv2d.h"

#include <ATen/ops/empty.h>
#include <algorithm>

#include "ops/packed_linear.h"
#include "ops/workspace.h"

namespace sdw::ops {
namespace {

constexpr std::size_t kTaps = 9;

struct Picture {
  std::size_t height, width;
};

// Rows of pixels, of all pictures.
std::size_t rows_of(const at::Tensor& pixels) {
  return static_cast<std::size_t>(pixels.size(0) * pixels.size(1));
}

Picture picture_of(const at::Tensor& pixels) {
  return {static_cast<std::size_t>(pixels.size(1)), static_cast<std::size_t>(pixels.size(2))};
}

// `shares` [B, H, W, taps, C], what each pixel adds to its neighbours, and a bias -> [B, H, W, C].
at::Tensor summed_neighbours(const at::Tensor& shares, const at::Tensor& bias) {
  const auto width = static_cast<std::size_t>(shares.size(3)), channels = width / kTaps;
  const Picture picture = picture_of(shares);
  at::Tensor sums =
      at::empty({shares.size(0), shares.size(1), shares.size(2), static_cast<std::int64_t>(channels)},
                shares.options());
  const float* const from = shares.const_data_ptr<float>();
  const float* const start = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  float* const to = sums.data_ptr<float>();
  for_parts(rows_of(shares), [&](std::size_t row) {
    float* const out = to + row * picture.width * channels;
    for (std::size_t i = 0; i < picture.width * channels; ++i) out[i] = start ? start[i % channels] : 0.0F;
    const std::size_t y = row % picture.height;
    for (std::size_t tap = 0; tap < kTaps; ++tap) {
      const std::size_t down = tap / 3, right = tap % 3;  // from the neighbour above, left
      if (y + down < 1 || y + down > picture.height) continue;
      const float* const neighbours = from + (row + down - 1) * picture.width * width + tap * channels;
      const std::size_t first = right < 1 ? 1 : 0, last = std::min(picture.width, picture.width + 1 - right);
      for (std::size_t x = first; x < last; ++x) {
        const float* const share = neighbours + (x + right - 1) * width;
        for (std::size_t c = 0; c < channels; ++c) out[x * channels + c] += share[c];
      }
    }
  });
  return sums;
}

// Rows [first, first + count) of the output (of all pictures, one below the other): the nine pixels that each
// of its pixels sees -> `to` [count, width, taps, C], zeros beyond the border.
void gather(const at::Tensor& pixels, const Conv2dShape& shape, const at::Tensor& output, std::size_t first,
            std::size_t count, float* to) {
  const Picture picture = picture_of(pixels), out = picture_of(output);
  const auto channels = static_cast<std::size_t>(pixels.size(3));
  const auto stride = static_cast<std::size_t>(shape.stride),
             padding = static_cast<std::size_t>(shape.padding);
  const float* const from = pixels.const_data_ptr<float>();
  for_parts(count, [&](std::size_t part) {
    const std::size_t image = (first + part) / out.height, top = (first + part) % out.height * stride;
    float* place = to + part * out.width * kTaps * channels;
    for (std::size_t x = 0; x < out.width; ++x) {
      for (std::size_t tap = 0; tap < kTaps; ++tap, place += channels) {
        const std::size_t row = top + tap / 3 - padding,
                          column = x * stride + tap % 3 - padding;  // may wrap round
        if (row < picture.height && column < picture.width) {
          const std::size_t pixel = (image * picture.height + row) * picture.width + column;
          std::copy_n(from + pixel * channels, channels, place);
        } else {
          std::fill_n(place, channels, 0.0F);
        }
      }
    }
  });
}

// Some rows at a time: what is gathered is several times the input.
at::Tensor gathered_conv2d(const at::Tensor& pixels, const Conv2dWeight& weight) {
  constexpr std::size_t kGatheredFloats = std::size_t{1} << 20;
  const std::int64_t outputs = weight.filters[0];
  const std::int64_t depth = static_cast<std::int64_t>(kTaps) * weight.filters[1];
  at::Tensor out = at::empty({pixels.size(0), output_size(pixels.size(1), 3, weight.shape),
                              output_size(pixels.size(2), 3, weight.shape), outputs},
                             pixels.options());
  const std::int64_t width = out.size(2);
  const std::size_t rows = rows_of(out);
  const std::size_t some =
      std::clamp<std::size_t>(kGatheredFloats / static_cast<std::size_t>(width * depth), 1, rows);
  const at::Tensor gathered = at::empty({static_cast<std::int64_t>(some) * width, depth}, pixels.options());
  const LinearWeight filters{weight.weight, weight.bias, outputs, depth,
                             exact_layout(weight.weight.scalar_type())};
  const at::Tensor flat = out.view({-1, outputs});
  for (std::size_t first = 0; first < rows; first += some) {
    const std::size_t count = std::min(some, rows - first);
    gather(pixels, weight.shape, out, first, count, gathered.data_ptr<float>());
    const auto begin = static_cast<std::int64_t>(first) * width,
               size = static_cast<std::int64_t>(count) * width;
    packed_linear_into(gathered.narrow(0, 0, size), filters, flat.narrow(0, begin, size));
  }
  return out;
}

}  // namespace

at::Tensor packed_matrix_filters(const at::Tensor& weight, Conv2dLayout layout) {
  const at::Tensor matrix = layout == Conv2dLayout::gathered
                                ? weight.permute({0, 2, 3, 1}).reshape({weight.size(0), -1})
                                : weight.permute({2, 3, 0, 1}).reshape({-1, weight.size(1)});
  return packed_panels(matrix, exact_layout(weight.scalar_type()));
}

at::Tensor matrix_conv2d(const at::Tensor& input, const Conv2dWeight& weight) {
  const at::Tensor pixels = input.contiguous(at::MemoryFormat::ChannelsLast).permute({0, 2, 3, 1});
  const std::int64_t shares = static_cast<std::int64_t>(kTaps) * weight.filters[0];
  const at::Tensor out =
      weight.layout == Conv2dLayout::gathered
          ? gathered_conv2d(pixels, weight)
          : summed_neighbours(
                packed_linear(
                    pixels,
                    {weight.weight, {}, shares, weight.filters[1], exact_layout(weight.weight.scalar_type())},
                    {}),
                weight.bias);
  return out.permute({0, 3, 1, 2});
}

}  // namespace sdw::ops
