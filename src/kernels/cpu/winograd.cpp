#include "kernels/cpu/winograd.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/winograd.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

constexpr std::size_t kOutTile = 4;
constexpr std::size_t kInTile = 6;
constexpr std::size_t kPoints = kInTile * kInTile;

// Interpolation points 0, +-a, +-b and infinity. Reciprocal pairs keep the transforms' entries, and with them
// the rounding error, small: about a third of that of the usual +-1, +-2.
constexpr float kA = 0.70710678F, kB = 1.41421356F;
constexpr float kA2 = 0.5F, kB2 = 2.0F, kA3 = kA2 * kA, kB3 = kB2 * kB;
constexpr float kA2B2 = kA2 * kB2, kSum = kA2 + kB2;

// out = B^T in for one column of six vectors.
HWY_INLINE void transform_input(const FloatVector (&in)[kInTile], FloatVector (&out)[kInTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  const FloatVector even_a = hn::NegMulAdd(set(kB2), in[2], in[4]);
  const FloatVector odd_a = hn::Mul(set(kA), hn::NegMulAdd(set(kB2), in[1], in[3]));
  const FloatVector even_b = hn::NegMulAdd(set(kA2), in[2], in[4]);
  const FloatVector odd_b = hn::Mul(set(kB), hn::NegMulAdd(set(kA2), in[1], in[3]));
  out[0] = hn::MulAdd(set(kA2B2), in[0], hn::NegMulAdd(set(kSum), in[2], in[4]));
  out[1] = hn::Add(even_a, odd_a);
  out[2] = hn::Sub(even_a, odd_a);
  out[3] = hn::Add(even_b, odd_b);
  out[4] = hn::Sub(even_b, odd_b);
  out[5] = hn::MulAdd(set(kA2B2), in[1], hn::NegMulAdd(set(kSum), in[3], in[5]));
}

// out = G in for one column of three vectors.
HWY_INLINE void transform_weight(const FloatVector (&in)[3], FloatVector (&out)[kInTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  constexpr float kNa = 1.0F / (2.0F * kA2 * (kA2 - kB2)), kNb = 1.0F / (2.0F * kB2 * (kB2 - kA2));
  const FloatVector even_a = hn::Mul(set(kNa), hn::MulAdd(set(kA2), in[2], in[0]));
  const FloatVector odd_a = hn::Mul(set(kNa * kA), in[1]);
  const FloatVector even_b = hn::Mul(set(kNb), hn::MulAdd(set(kB2), in[2], in[0]));
  const FloatVector odd_b = hn::Mul(set(kNb * kB), in[1]);
  out[0] = hn::Mul(set(1.0F / kA2B2), in[0]);
  out[1] = hn::Add(even_a, odd_a);
  out[2] = hn::Sub(even_a, odd_a);
  out[3] = hn::Add(even_b, odd_b);
  out[4] = hn::Sub(even_b, odd_b);
  out[5] = in[2];
}

// out = A^T in for one column of six vectors.
HWY_INLINE void transform_output(const FloatVector (&in)[kInTile], FloatVector (&out)[kOutTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  const FloatVector sum_a = hn::Add(in[1], in[2]), difference_a = hn::Sub(in[1], in[2]);
  const FloatVector sum_b = hn::Add(in[3], in[4]), difference_b = hn::Sub(in[3], in[4]);
  out[0] = hn::Add(in[0], hn::Add(sum_a, sum_b));
  out[1] = hn::MulAdd(set(kB), difference_b, hn::Mul(set(kA), difference_a));
  out[2] = hn::MulAdd(set(kB2), sum_b, hn::Mul(set(kA2), sum_a));
  out[3] = hn::Add(in[5], hn::MulAdd(set(kB3), difference_b, hn::Mul(set(kA3), difference_a)));
}

struct TilePlace {
  std::size_t image, y, x;  // of the top left output
};

TilePlace place_of(const WinogradConv& conv, std::size_t tile) {
  const std::size_t columns = (conv.out_width + kOutTile - 1) / kOutTile;
  const std::size_t rows = (conv.out_height + kOutTile - 1) / kOutTile;
  return {tile / (rows * columns), tile / columns % rows * kOutTile, tile % columns * kOutTile};
}

std::size_t tile_count(const WinogradConv& conv) {
  return conv.batch * ((conv.out_height + kOutTile - 1) / kOutTile) *
         ((conv.out_width + kOutTile - 1) / kOutTile);
}

constexpr std::size_t kTilesPerPart = 8;
// Input channels multiplied at a time, and tiles of one part of phase two: filters and products of such a
// piece stay in the second-level cache.
constexpr std::size_t kDepth = 64;
constexpr std::size_t kGroupTiles = 96;
// Between the 36 points: without it all of them would fall into one set of the first-level cache.
constexpr std::size_t kGap = 16;

std::size_t depth_blocks(const WinogradConv& conv) {
  return (conv.in_channels + kDepth - 1) / kDepth;
}

// From one point to the next, of filters and of products.
std::size_t panel_stride(std::size_t depth) {
  return depth * kPanelWidth + kGap;
}

std::size_t product_stride(const WinogradPlan& plan) {
  return plan.group_tiles * kPanelWidth + kGap;
}

WinogradPlan Plan(const WinogradConv& conv) {
  // Transformed inputs of a chunk are read by every thread from the shared cache.
  constexpr std::size_t kChunkBytes = std::size_t{12} << 20;
  const std::size_t tiles = tile_count(conv), depth = depth_blocks(conv) * kDepth;
  const std::size_t groups =
      std::max<std::size_t>(kChunkBytes / (kPoints * depth * sizeof(float) * kGroupTiles), 1);
  WinogradPlan plan;
  plan.chunks = (tiles + groups * kGroupTiles - 1) / (groups * kGroupTiles);
  plan.chunk_tiles = (tiles + plan.chunks - 1) / plan.chunks;
  const std::size_t chunk_groups = (plan.chunk_tiles + kGroupTiles - 1) / kGroupTiles;
  plan.group_tiles = (plan.chunk_tiles + chunk_groups - 1) / chunk_groups;
  plan.group_tiles = (plan.group_tiles + kTileRows - 1) / kTileRows * kTileRows;
  plan.tile_parts = (plan.chunk_tiles + kTilesPerPart - 1) / kTilesPerPart;
  plan.output_parts = chunk_groups * ((conv.out_channels + kPanelWidth - 1) / kPanelWidth);
  plan.scratch_floats = kPoints * (plan.chunk_tiles * depth + kGap);
  plan.thread_floats = kPoints * (panel_stride(kDepth) + product_stride(plan));
  return plan;
}

// Transformed inputs lie as [point][block of kDepth channels][tile][kDepth].
struct Transformed {
  std::size_t block_stride, point_stride;
  Transformed(const WinogradConv& conv, const WinogradPlan& plan)
      : block_stride(plan.chunk_tiles * kDepth), point_stride(depth_blocks(conv) * block_stride + kGap) {}
};

// Vectors over channels of one 6x6 input patch; zeros outside the picture. `count` channels, at most kLanes.
HWY_INLINE void load_patch(const WinogradConv& conv, const TilePlace& place, std::size_t channel,
                           std::size_t count, FloatVector (&patch)[kInTile][kInTile]) {
  const std::size_t shift = conv.upsample ? 1 : 0;
  const auto height = static_cast<std::ptrdiff_t>(conv.out_height),
             width = static_cast<std::ptrdiff_t>(conv.out_width);
  const float* image = conv.input + place.image * conv.in_height * conv.in_width * conv.in_channels + channel;
  for (std::size_t i = 0; i < kInTile; ++i) {
    const auto y = static_cast<std::ptrdiff_t>(place.y + i) - 1;
    for (std::size_t j = 0; j < kInTile; ++j) {
      const auto x = static_cast<std::ptrdiff_t>(place.x + j) - 1;
      if (y < 0 || y >= height || x < 0 || x >= width) {
        patch[i][j] = hn::Zero(kFloat);
        continue;
      }
      const float* source = image + ((static_cast<std::size_t>(y) >> shift) * conv.in_width +
                                     (static_cast<std::size_t>(x) >> shift)) *
                                        conv.in_channels;
      patch[i][j] = load_some(source, count);
    }
  }
}

void InputPart(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
               float* scratch) {
  const std::size_t first = chunk * plan.chunk_tiles;
  const std::size_t total = tile_count(conv);
  const std::size_t begin = part * kTilesPerPart, end = std::min(begin + kTilesPerPart, plan.chunk_tiles);
  const Transformed transformed(conv, plan);
  for (std::size_t t = begin; t < end && first + t < total; ++t) {
    const TilePlace place = place_of(conv, first + t);
    for (std::size_t channel = 0; channel < conv.in_channels; channel += kLanes) {
      const std::size_t count = std::min(kLanes, conv.in_channels - channel);
      FloatVector patch[kInTile][kInTile], half[kInTile][kInTile];
      load_patch(conv, place, channel, count, patch);
      float* const target =
          scratch + channel / kDepth * transformed.block_stride + t * kDepth + channel % kDepth;
      for (std::size_t i = 0; i < kInTile; ++i) transform_input(patch[i], half[i]);
      for (std::size_t j = 0; j < kInTile; ++j) {
        const FloatVector column[kInTile] = {half[0][j], half[1][j], half[2][j],
                                             half[3][j], half[4][j], half[5][j]};
        FloatVector out[kInTile];
        transform_input(column, out);
        for (std::size_t i = 0; i < kInTile; ++i) {
          store_some(out[i], target + (i * kInTile + j) * transformed.point_stride, count);
        }
      }
    }
  }
}

HWY_INLINE FloatVector load_widened(const float* from) {
  return hn::LoadU(kFloat, from);
}

HWY_INLINE FloatVector load_widened(const std::uint16_t* bf16) {
  const hn::Rebind<std::uint16_t, FloatTag> half;
  const hn::RebindToUnsigned<FloatTag> word;
  return hn::BitCast(kFloat, hn::ShiftLeft<16>(hn::PromoteTo(word, hn::LoadU(half, bf16))));
}

// Packed filters of one block of output channels and `depth` input channels -> [point][depth][kPanelWidth],
// points panel_stride(depth) apart.
template <class Weight>
void transform_filters(const Weight* packed, std::size_t depth, float* panels) {
  for (std::size_t c = 0; c < depth; ++c, packed += 9 * kPanelWidth) {
    for (std::size_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      FloatVector half[kInTile][3];
      for (std::size_t j = 0; j < 3; ++j) {
        FloatVector column[3], out[kInTile];
        for (std::size_t i = 0; i < 3; ++i)
          column[i] = load_widened(packed + (3 * i + j) * kPanelWidth + lane);
        transform_weight(column, out);
        for (std::size_t i = 0; i < kInTile; ++i) half[i][j] = out[i];
      }
      for (std::size_t i = 0; i < kInTile; ++i) {
        FloatVector out[kInTile];
        transform_weight(half[i], out);
        for (std::size_t j = 0; j < kInTile; ++j) {
          hn::StoreU(out[j], kFloat,
                     panels + (i * kInTile + j) * panel_stride(depth) + c * kPanelWidth + lane);
        }
      }
    }
  }
}

std::size_t WeightSize(std::size_t out_channels, std::size_t in_channels) {
  return (out_channels + kPanelWidth - 1) / kPanelWidth * kPanelWidth * 9 * in_channels;
}

template <class Weight>
void pack_weight(const Weight* weight, std::size_t out_channels, std::size_t in_channels, Weight* packed) {
  for (std::size_t first = 0; first < out_channels; first += kPanelWidth) {
    const std::size_t count = std::min(kPanelWidth, out_channels - first);
    for (std::size_t c = 0; c < in_channels; ++c) {
      for (std::size_t tap = 0; tap < 9; ++tap, packed += kPanelWidth) {
        const Weight* from = weight + (first * 9 + tap) * in_channels + c;
        for (std::size_t n = 0; n < count; ++n) packed[n] = from[n * 9 * in_channels];
        std::fill(packed + count, packed + kPanelWidth, Weight{0});
      }
    }
  }
}

void PackFloats(const float* weight, std::size_t out_channels, std::size_t in_channels, float* packed) {
  pack_weight(weight, out_channels, in_channels, packed);
}

void PackBf16(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
              std::uint16_t* packed) {
  pack_weight(weight, out_channels, in_channels, packed);
}

// One vector of output channels of one tile: the 6x6 products back to 4x4 outputs.
HWY_INLINE void write_tile(const WinogradConv& conv, const TilePlace& place, std::size_t channel,
                           std::size_t count, const float* products, std::size_t point_stride) {
  FloatVector half[kOutTile][kInTile];
  for (std::size_t j = 0; j < kInTile; ++j) {
    FloatVector column[kInTile], out[kOutTile];
    for (std::size_t i = 0; i < kInTile; ++i)
      column[i] = hn::LoadU(kFloat, products + (i * kInTile + j) * point_stride);
    transform_output(column, out);
    for (std::size_t i = 0; i < kOutTile; ++i) half[i][j] = out[i];
  }
  const FloatVector bias = conv.bias != nullptr ? load_some(conv.bias + channel, count) : hn::Zero(kFloat);
  for (std::size_t i = 0; i < kOutTile && place.y + i < conv.out_height; ++i) {
    FloatVector out[kOutTile];
    transform_output(half[i], out);
    for (std::size_t j = 0; j < kOutTile && place.x + j < conv.out_width; ++j) {
      const std::size_t at =
          ((place.image * conv.out_height + place.y + i) * conv.out_width + place.x + j) * conv.out_channels +
          channel;
      FloatVector value = hn::Add(out[j], bias);
      if (conv.residual != nullptr) value = hn::Add(value, load_some(conv.residual + at, count));
      store_some(value, conv.output + at, count);
    }
  }
}

// products[point][tile][kPanelWidth] = the filters of `block` times the transformed inputs of some tiles.
void multiply(const WinogradConv& conv, const WinogradPlan& plan, std::size_t first_tile, std::size_t tiles,
              std::size_t first_out, const float* scratch, float* panels, float* products) {
  const Transformed transformed(conv, plan);
  for (std::size_t block = 0; block < depth_blocks(conv); ++block) {
    const std::size_t channel = block * kDepth, depth = std::min(kDepth, conv.in_channels - channel);
    const std::size_t packed = (first_out * conv.in_channels + channel * kPanelWidth) * 9;
    if (conv.weight != nullptr)
      transform_filters(conv.weight + packed, depth, panels);
    else
      transform_filters(conv.bf16_weight + packed, depth, panels);
    for (std::size_t point = 0; point < kPoints; ++point) {
      const float* const inputs =
          scratch + point * transformed.point_stride + block * transformed.block_stride + first_tile * kDepth;
      const float* const panel = panels + point * panel_stride(depth);
      float* const sums = products + point * product_stride(plan);
      if (block == 0)
        multiply_rows<Start::row>(inputs, kDepth, tiles, depth, panel, nullptr, sums, kPanelWidth);
      else
        multiply_rows<Start::output>(inputs, kDepth, tiles, depth, panel, nullptr, sums, kPanelWidth);
    }
  }
}

void OutputPart(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
                const float* scratch, float* thread_scratch) {
  const std::size_t first = chunk * plan.chunk_tiles;
  const std::size_t tiles = std::min(plan.chunk_tiles, tile_count(conv) - first);
  // Neighbouring parts share their tiles.
  const std::size_t blocks = (conv.out_channels + kPanelWidth - 1) / kPanelWidth;
  const std::size_t first_out = part % blocks * kPanelWidth, begin = part / blocks * plan.group_tiles;
  if (begin >= tiles) return;  // of the last, smaller chunk
  const std::size_t end = std::min(begin + plan.group_tiles, tiles);
  float* const panels = thread_scratch;
  float* const products = thread_scratch + kPoints * panel_stride(kDepth);
  multiply(conv, plan, begin, end - begin, first_out, scratch, panels, products);
  const std::size_t count = std::min(kPanelWidth, conv.out_channels - first_out);
  for (std::size_t t = begin; t < end; ++t) {
    const TilePlace place = place_of(conv, first + t);
    for (std::size_t lane = 0; lane < count; lane += kLanes) {
      write_tile(conv, place, first_out + lane, std::min(kLanes, count - lane),
                 products + (t - begin) * kPanelWidth + lane, product_stride(plan));
    }
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(WeightSize);
HWY_EXPORT(PackFloats);
HWY_EXPORT(PackBf16);
HWY_EXPORT(Plan);
HWY_EXPORT(InputPart);
HWY_EXPORT(OutputPart);

std::size_t winograd_weight_size(std::size_t out_channels, std::size_t in_channels) {
  return HWY_DYNAMIC_DISPATCH(WeightSize)(out_channels, in_channels);
}

void pack_winograd_weight(const float* weight, std::size_t out_channels, std::size_t in_channels,
                          float* packed) {
  HWY_DYNAMIC_DISPATCH(PackFloats)(weight, out_channels, in_channels, packed);
}

void pack_winograd_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                          std::uint16_t* packed) {
  HWY_DYNAMIC_DISPATCH(PackBf16)(weight, out_channels, in_channels, packed);
}

WinogradPlan plan_winograd(const WinogradConv& conv) {
  return HWY_DYNAMIC_DISPATCH(Plan)(conv);
}

void winograd_input_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                         std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(InputPart)(conv, plan, chunk, part, scratch);
}

void winograd_output_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                          std::size_t part, const float* scratch, float* thread_scratch) {
  HWY_DYNAMIC_DISPATCH(OutputPart)(conv, plan, chunk, part, scratch, thread_scratch);
}

}  // namespace sdw::kernels::cpu
#endif
