#include <algorithm>
#include <cstring>

#include "kernels/cpu/panel_pack.h"
#include "kernels/cpu/rounding.h"
#include "kernels/cpu/winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/winograd_pack.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/winograd_filters-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

std::size_t WeightSize(std::size_t out_channels, std::size_t in_channels) {
  return round_up(out_channels, kPanelWidth) * 9 * in_channels;
}

std::size_t Int8WeightSize(std::size_t out_channels, std::size_t in_channels) {
  return WeightSize(out_channels, in_channels) + round_up(out_channels, kPanelWidth) * sizeof(float);
}

// `count` output channels as one block, filled up with zeros; each value as `convert(channel, value)`.
template <class From, class To, class Convert>
void pack_block(const From* weight, std::size_t count, std::size_t in_channels, To* packed,
                const Convert& convert) {
  for (std::size_t c = 0; c < in_channels; ++c) {
    for (std::size_t tap = 0; tap < 9; ++tap, packed += kPanelWidth) {
      const From* const from = weight + tap * in_channels + c;
      for (std::size_t n = 0; n < count; ++n) packed[n] = convert(n, from[n * 9 * in_channels]);
      std::fill(packed + count, packed + kPanelWidth, To{0});
    }
  }
}

template <class Weight>
void pack_weight(const Weight* weight, std::size_t out_channels, std::size_t in_channels, Weight* packed) {
  const std::size_t size = 9 * in_channels;
  for (std::size_t first = 0; first < out_channels; first += kPanelWidth) {
    pack_block(weight + first * size, std::min(kPanelWidth, out_channels - first), in_channels,
               packed + first * size, [](std::size_t, Weight value) { return value; });
  }
}

void PackFloats(const float* weight, std::size_t out_channels, std::size_t in_channels, float* packed) {
  pack_weight(weight, out_channels, in_channels, packed);
}

void PackHalves(const Half* weight, std::size_t out_channels, std::size_t in_channels, Half* packed) {
  pack_weight(weight, out_channels, in_channels, packed);
}

void PackBf16(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
              std::uint16_t* packed) {
  pack_weight(weight, out_channels, in_channels, packed);
}

void PackInt8(const float* weight, std::size_t out_channels, std::size_t in_channels, std::int8_t* packed) {
  const std::size_t size = 9 * in_channels;
  for (std::size_t first = 0; first < out_channels; first += kPanelWidth) {
    const std::size_t count = std::min(kPanelWidth, out_channels - first);
    const float* const block = weight + first * size;
    float scales[kPanelWidth] = {}, inverses[kPanelWidth];
    for (std::size_t n = 0; n < count; ++n) {
      const ColumnScale by = scale_of_column(block + n * size, size);
      scales[n] = by.scale;
      inverses[n] = by.inverse;
    }
    std::memcpy(packed, scales, kScaleBytes);
    packed += kScaleBytes;
    pack_block(block, count, in_channels, packed,
               [&](std::size_t n, float value) { return nearest_byte(value * inverses[n]); });
    packed += kPanelWidth * size;
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(WeightSize);
HWY_EXPORT(Int8WeightSize);
HWY_EXPORT(PackFloats);
HWY_EXPORT(PackHalves);
HWY_EXPORT(PackBf16);
HWY_EXPORT(PackInt8);

std::size_t winograd_weight_size(std::size_t out_channels, std::size_t in_channels) {
  return HWY_DYNAMIC_DISPATCH(WeightSize)(out_channels, in_channels);
}

std::size_t winograd_int8_weight_size(std::size_t out_channels, std::size_t in_channels) {
  return HWY_DYNAMIC_DISPATCH(Int8WeightSize)(out_channels, in_channels);
}

void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          float* packed) {
  HWY_DYNAMIC_DISPATCH(PackFloats)(weight, out_channels, in_channels, packed);
}

void pack_winograd_weight(const Half* weight, std::size_t out_channels, std::size_t in_channels,
                          Half* packed) {
  HWY_DYNAMIC_DISPATCH(PackHalves)(weight, out_channels, in_channels, packed);
}

void pack_winograd_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                          std::uint16_t* packed) {
  HWY_DYNAMIC_DISPATCH(PackBf16)(weight, out_channels, in_channels, packed);
}

void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          std::int8_t* packed) {
  HWY_DYNAMIC_DISPATCH(PackInt8)(weight, out_channels, in_channels, packed);
}

}  // namespace sdw::kernels::cpu
#endif
