#include "kernels/cpu/winograd.h"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/winograd.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/panel_block.h"
#include "kernels/cpu/winograd_transform-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

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
// Tiles of one part of phase two, and bytes of the input channels multiplied at a time: filters and products
// of such a piece stay in the second-level cache.
constexpr std::size_t kGroupTiles = 96;
constexpr std::size_t kDepthBytes = 256;
// Between the 36 points: without it all of them would fall into one set of the first-level cache.
constexpr std::size_t kGap = 16;

// What is multiplied is either float or Word, a bfloat16.
template <class Element>
constexpr std::size_t kDepth = kDepthBytes / sizeof(Element);

// Calls `run` with an element of the type that is multiplied.
template <class Run>
auto with_element(const WinogradConv& conv, const Run& run) {
  if constexpr (kPanelWidth == kPanelColumns) {
    if (conv.weight == nullptr && can_multiply(PanelType::bf16)) return run(Word{});
  }
  return run(float{});
}

// What rows and depth of a product are filled up to.
template <class Element>
BlockUnits units() {
  return std::is_same_v<Element, Word> ? block_units() : BlockUnits{kTileRows, 1, 1};
}

template <class Element>
std::size_t depth_blocks(const WinogradConv& conv) {
  return (conv.in_channels + kDepth<Element> - 1) / kDepth<Element>;
}

// From one point to the next, of filters and of products.
std::size_t panel_stride(std::size_t depth) {
  return depth * kPanelWidth + kGap;
}

std::size_t product_stride(const WinogradPlan& plan) {
  return plan.group_tiles * kPanelWidth + kGap;
}

// Floats whose memory holds so many elements.
template <class Element>
constexpr std::size_t floats_for(std::size_t elements) {
  return (elements * sizeof(Element) + sizeof(float) - 1) / sizeof(float);
}

// Transformed inputs lie as [point][block of kDepth channels][tile][kDepth].
template <class Element>
struct Transformed {
  std::size_t block_stride, point_stride;
  Transformed(const WinogradConv& conv, const WinogradPlan& plan)
      : block_stride(round_up(plan.chunk_tiles, units<Element>().rows) * kDepth<Element>),
        point_stride(depth_blocks<Element>(conv) * block_stride + kGap) {}
};

template <class Element>
WinogradPlan plan_for(const WinogradConv& conv) {
  // Transformed inputs of a chunk are read by every thread from the shared cache.
  constexpr std::size_t kChunkBytes = std::size_t{12} << 20;
  const std::size_t tiles = tile_count(conv), bytes = depth_blocks<Element>(conv) * kDepthBytes;
  const std::size_t groups = std::max<std::size_t>(kChunkBytes / (kPoints * bytes * kGroupTiles), 1);
  WinogradPlan plan;
  plan.chunks = (tiles + groups * kGroupTiles - 1) / (groups * kGroupTiles);
  plan.chunk_tiles = (tiles + plan.chunks - 1) / plan.chunks;
  const std::size_t chunk_groups = (plan.chunk_tiles + kGroupTiles - 1) / kGroupTiles;
  plan.group_tiles = (plan.chunk_tiles + chunk_groups - 1) / chunk_groups;
  plan.group_tiles = round_up(plan.group_tiles, units<Element>().rows);
  plan.tile_parts = (plan.chunk_tiles + kTilesPerPart - 1) / kTilesPerPart;
  plan.output_parts = chunk_groups * ((conv.out_channels + kPanelWidth - 1) / kPanelWidth);
  plan.scratch_floats = floats_for<Element>(kPoints * Transformed<Element>(conv, plan).point_stride);
  plan.thread_floats = kPoints * (floats_for<Element>(panel_stride(kDepth<Element>)) + product_stride(plan));
  return plan;
}

WinogradPlan Plan(const WinogradConv& conv) {
  return with_element(conv, [&](auto element) { return plan_for<decltype(element)>(conv); });
}

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

// To the nearest bfloat16 (ties away from zero): in the lower and in the upper half of each lane.
HWY_INLINE hn::Vec<WordTag> lower_bf16(FloatVector value) {
  return hn::ShiftRight<16>(hn::Add(hn::BitCast(kWord, value), hn::Set(kWord, 0x8000U)));
}

HWY_INLINE hn::Vec<WordTag> upper_bf16(FloatVector value) {
  return hn::And(hn::Add(hn::BitCast(kWord, value), hn::Set(kWord, 0x8000U)), hn::Set(kWord, 0xFFFF0000U));
}

HWY_INLINE void store_as(FloatVector value, float* to) {
  hn::StoreU(value, kFloat, to);
}

HWY_INLINE void store_as(FloatVector value, Word* to) {
  constexpr hn::Rebind<Word, FloatTag> half;
  hn::StoreU(hn::TruncateTo(half, lower_bf16(value)), half, to);
}

template <class Element>
void input_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
                Element* scratch) {
  const std::size_t first = chunk * plan.chunk_tiles;
  const std::size_t total = tile_count(conv);
  const std::size_t begin = part * kTilesPerPart, end = std::min(begin + kTilesPerPart, plan.chunk_tiles);
  const Transformed<Element> transformed(conv, plan);
  const std::size_t channels = round_up(conv.in_channels, units<Element>().depth);
  for (std::size_t t = begin; t < end && first + t < total; ++t) {
    const TilePlace place = place_of(conv, first + t);
    for (std::size_t channel = 0; channel < channels; channel += kLanes) {
      const std::size_t count = std::min(kLanes, conv.in_channels - std::min(channel, conv.in_channels));
      FloatVector patch[kInTile][kInTile], half[kInTile][kInTile];
      load_patch(conv, place, channel, count, patch);
      Element* const target = scratch + channel / kDepth<Element> * transformed.block_stride +
                              t * kDepth<Element> + channel % kDepth<Element>;
      for (std::size_t i = 0; i < kInTile; ++i) transform_input(patch[i], half[i]);
      for (std::size_t j = 0; j < kInTile; ++j) {
        const FloatVector column[kInTile] = {half[0][j], half[1][j], half[2][j],
                                             half[3][j], half[4][j], half[5][j]};
        FloatVector out[kInTile];
        transform_input(column, out);
        for (std::size_t i = 0; i < kInTile; ++i) {
          store_as(out[i], target + (i * kInTile + j) * transformed.point_stride);
        }
      }
    }
  }
}

void InputPart(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
               float* scratch) {
  with_element(conv, [&](auto element) {
    input_part(conv, plan, chunk, part, reinterpret_cast<decltype(element)*>(scratch));
  });
}

HWY_INLINE FloatVector load_widened(const float* from) {
  return hn::LoadU(kFloat, from);
}

HWY_INLINE FloatVector load_widened(const Word* bf16) {
  constexpr hn::Rebind<Word, FloatTag> half;
  return hn::BitCast(kFloat, hn::ShiftLeft<16>(hn::PromoteTo(kWord, hn::LoadU(half, bf16))));
}

using Points = FloatVector[kInTile][kInTile];

// One vector of output channels of the filters of one input channel, packed; null: of a channel of zeros.
template <class Weight>
HWY_INLINE void transform_filter(const Weight* packed, Points& out) {
  FloatVector half[kInTile][3];
  for (std::size_t j = 0; j < 3; ++j) {
    FloatVector column[3], rows[kInTile];
    for (std::size_t i = 0; i < 3; ++i)
      column[i] = packed != nullptr ? load_widened(packed + (3 * i + j) * kPanelWidth) : hn::Zero(kFloat);
    transform_weight(column, rows);
    for (std::size_t i = 0; i < kInTile; ++i) half[i][j] = rows[i];
  }
  for (std::size_t i = 0; i < kInTile; ++i) transform_weight(half[i], out[i]);
}

// Packed filters of one block of output channels and `depth` input channels -> points panel_stride apart,
// each [depth][kPanelWidth].
template <class Weight>
void transform_filters(const Weight* packed, std::size_t depth, float* panels) {
  for (std::size_t c = 0; c < depth; ++c, packed += 9 * kPanelWidth) {
    for (std::size_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      Points points;
      transform_filter(packed + lane, points);
      float* const to = panels + c * kPanelWidth + lane;
      for (std::size_t i = 0; i < kInTile; ++i) {
        for (std::size_t j = 0; j < kInTile; ++j)
          hn::StoreU(points[i][j], kFloat, to + (i * kInTile + j) * panel_stride(depth));
      }
    }
  }
}

// The same -> panels of bfloat16 (panel_block.h), filled up with zeros.
void transform_filters(const Word* packed, std::size_t depth, Word* panels) {
  const std::size_t filled = round_up(depth, units<Word>().depth);
  for (std::size_t c = 0; c < filled; c += 2, packed += 2 * 9 * kPanelWidth) {
    for (std::size_t lane = 0; lane < kPanelWidth; lane += kLanes) {
      Points first, second;
      transform_filter(c < depth ? packed + lane : nullptr, first);
      transform_filter(c + 1 < depth ? packed + 9 * kPanelWidth + lane : nullptr, second);
      Word* const to = panels + c * kPanelWidth + 2 * lane;
      for (std::size_t i = 0; i < kInTile; ++i) {
        for (std::size_t j = 0; j < kInTile; ++j) {
          const auto pairs = hn::Or(lower_bf16(first[i][j]), upper_bf16(second[i][j]));
          hn::StoreU(pairs, kWord,
                     reinterpret_cast<std::uint32_t*>(to + (i * kInTile + j) * panel_stride(filled)));
        }
      }
    }
  }
}

std::size_t WeightSize(std::size_t out_channels, std::size_t in_channels) {
  return round_up(out_channels, kPanelWidth) * 9 * in_channels;
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

// The filters of one block of output channels and `depth` input channels that begin at `packed`.
template <class Element>
void transform_block(const WinogradConv& conv, std::size_t packed, std::size_t depth, Element* panels) {
  if constexpr (std::is_same_v<Element, float>) {
    if (conv.weight != nullptr) return transform_filters(conv.weight + packed, depth, panels);
  }
  transform_filters(conv.bf16_weight + packed, depth, panels);
}

// products [tiles][kPanelWidth] (+)= inputs [tiles][depth] * panel.
void multiply_point(const float* inputs, std::size_t tiles, std::size_t depth, const float* panel, bool add,
                    float* products) {
  if (add)
    multiply_rows<Start::output>(inputs, kDepth<float>, tiles, depth, panel, nullptr, products, kPanelWidth);
  else
    multiply_rows<Start::row>(inputs, kDepth<float>, tiles, depth, panel, nullptr, products, kPanelWidth);
}

void multiply_point(const Word* inputs, std::size_t tiles, std::size_t depth, const Word* panel, bool add,
                    float* products) {
  constexpr std::ptrdiff_t kNoOffset = 0;
  multiply({.a = inputs,
            .a_stride = kDepth<Word>,
            .rows = round_up(tiles, units<Word>().rows),
            .offsets = &kNoOffset,
            .segments = 1,
            .depth = depth,
            .panels = panel,
            .c = products,
            .c_stride = kPanelWidth,
            .add = add});
}

// products[point][tile][kPanelWidth] = the filters of `block` times the transformed inputs of some tiles.
template <class Element>
void multiply_points(const WinogradConv& conv, const WinogradPlan& plan, std::size_t first_tile,
                     std::size_t tiles, std::size_t first_out, const Element* scratch, Element* panels,
                     float* products) {
  const Transformed<Element> transformed(conv, plan);
  for (std::size_t block = 0; block < depth_blocks<Element>(conv); ++block) {
    const std::size_t channel = block * kDepth<Element>;
    const std::size_t depth = std::min(kDepth<Element>, conv.in_channels - channel);
    transform_block(conv, (first_out * conv.in_channels + channel * kPanelWidth) * 9, depth, panels);
    const std::size_t filled = round_up(depth, units<Element>().depth);
    for (std::size_t point = 0; point < kPoints; ++point) {
      const Element* const inputs = scratch + point * transformed.point_stride +
                                    block * transformed.block_stride + first_tile * kDepth<Element>;
      multiply_point(inputs, tiles, filled, panels + point * panel_stride(filled), block > 0,
                     products + point * product_stride(plan));
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
  float* const products = thread_scratch;
  with_element(conv, [&](auto element) {
    using Element = decltype(element);
    auto* const panels = reinterpret_cast<Element*>(products + kPoints * product_stride(plan));
    multiply_points(conv, plan, begin, end - begin, first_out, reinterpret_cast<const Element*>(scratch),
                    panels, products);
  });
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
