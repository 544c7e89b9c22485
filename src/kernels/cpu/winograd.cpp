#include "kernels/cpu/winograd.h"

#include <algorithm>
#include <cstdint>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/winograd.cpp"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/winograd_filters-inl.h"
#include "kernels/cpu/winograd_plan-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// True where a tile reads the upsampled picture, every value from one place of the small one.
template <class Kind>
bool repeats_inputs(const WinogradConv& conv) {
  return conv.upsample && Kind::kScale == 1;
}

// Where each position of a tile's input begins; null outside the picture.
template <class Kind>
struct Patch {
  const float* at[Kind::kInTile][Kind::kInTile];

  Patch(const WinogradConv& conv, const TilePlace& place) {
    const std::size_t shift = repeats_inputs<Kind>(conv) ? 1 : 0;
    const float* const image = conv.input + place.image * conv.in_height * conv.in_width * conv.in_channels;
    for (std::size_t i = 0; i < Kind::kInTile; ++i) {
      for (std::size_t j = 0; j < Kind::kInTile; ++j) {
        // One more: padding is 1.
        const std::size_t y = place.y / Kind::kScale + i, x = place.x / Kind::kScale + j;
        const bool inside = y > 0 && y <= conv.in_height << shift && x > 0 && x <= conv.in_width << shift;
        at[i][j] = inside
                       ? image + (((y - 1) >> shift) * conv.in_width + ((x - 1) >> shift)) * conv.in_channels
                       : nullptr;
      }
    }
  }
};

// Tiles [first, first + count) -> `to`. Vectors are of channels.
template <class Kind, class Element = typename Kind::Element>
void transform_tiles(const WinogradConv& conv, const Transformed<Kind>& transformed, std::size_t first,
                     std::size_t count, Element* to) {
  // Rows are read in too many places at once for the processor's own prefetching.
  const std::size_t next_tile =
      ((Kind::kInTile - 2) >> (repeats_inputs<Kind>(conv) ? 1 : 0)) * conv.in_channels;
  for (std::size_t t = 0; t < count; ++t) {
    const Patch<Kind> patch(conv, place_of<Kind>(conv, first + t));
    for (std::size_t channel = 0; channel < transformed.channels; channel += kLanes) {
      const std::size_t some = std::min(kLanes, conv.in_channels - std::min(channel, conv.in_channels));
      typename Kind::Values half[Kind::kInTile];
      for (std::size_t i = 0; i < Kind::kInTile; ++i) {
        typename Kind::Inputs row;
        for (std::size_t j = 0; j < Kind::kInTile; ++j) {
          const float* const from = patch.at[i][j];
          if (j >= 2 && from != nullptr) __builtin_prefetch(from + channel + next_tile, 0, 2);
          row[j] = from != nullptr ? load_some(from + channel, some) : hn::Zero(kFloat);
        }
        Kind::transform_input(row, half[i]);
      }
      Element* const target = to + t * transformed.tile_stride + channel;
      for (std::size_t j = 0; j < Kind::kSide; ++j) {
        typename Kind::Inputs column;
        typename Kind::Values out;
        for (std::size_t i = 0; i < Kind::kInTile; ++i) column[i] = half[i][j];
        Kind::transform_input(column, out);
        for (std::size_t i = 0; i < Kind::kSide; ++i) {
          store_as(out[i], target + (i * Kind::kSide + j) * transformed.point_stride);
        }
      }
    }
  }
}

// Outputs so large that no cache holds them until they are read: written past the caches, they need not be
// read from memory first. A residual was read before, perhaps from the same place.
bool writes_past_caches(const WinogradConv& conv) {
  constexpr std::size_t kCached = (std::size_t{24} << 20) / sizeof(float);
  return conv.residual == nullptr && conv.out_channels % kLanes == 0 &&
         reinterpret_cast<std::uintptr_t>(conv.output) % sizeof(FloatVector) == 0 &&
         conv.batch * conv.out_height * conv.out_width * conv.out_channels > kCached;
}

// One vector of output channels of one tile: the products back to outputs.
template <class Kind>
HWY_INLINE void write_tile(const WinogradConv& conv, const TilePlace& place, std::size_t channel,
                           std::size_t count, const float* products, std::size_t point_stride,
                           bool past_caches) {
  typename Kind::Values half[Kind::kOutTile];
  for (std::size_t j = 0; j < Kind::kSide; ++j) {
    typename Kind::Values column;
    typename Kind::Outputs out;
    for (std::size_t i = 0; i < Kind::kSide; ++i) {
      column[i] = hn::LoadU(kFloat, products + (i * Kind::kSide + j) * point_stride);
    }
    Kind::transform_output(column, out);
    for (std::size_t i = 0; i < Kind::kOutTile; ++i) half[i][j] = out[i];
  }
  const FloatVector bias = conv.bias != nullptr ? load_some(conv.bias + channel, count) : hn::Zero(kFloat);
  for (std::size_t i = 0; i < Kind::kOutTile && place.y + i < conv.out_height; ++i) {
    typename Kind::Outputs out;
    Kind::transform_output(half[i], out);
    for (std::size_t j = 0; j < Kind::kOutTile && place.x + j < conv.out_width; ++j) {
      const std::size_t at =
          ((place.image * conv.out_height + place.y + i) * conv.out_width + place.x + j) * conv.out_channels +
          channel;
      FloatVector value = hn::Add(out[j], bias);
      if (past_caches) {
        hn::Stream(value, kFloat, conv.output + at);
        continue;
      }
      const std::size_t next = at + Kind::kOutTile * conv.out_channels;
      __builtin_prefetch(conv.output + next, 1, 2);
      if (conv.residual != nullptr) {
        __builtin_prefetch(conv.residual + next, 0, 2);
        value = hn::Add(value, load_some(conv.residual + at, count));
      }
      store_some(value, conv.output + at, count);
    }
  }
}

// Some input channels.
struct Depth {
  std::size_t first, count;
};

// Some input channels of the filters of one block of output channels, whose packed filters begin at `packed`.
template <class Kind, class Weight, class Element>
void transform_packed(const Weight* packed, const float* scales, Depth depth, Element* panels) {
  packed += depth.first * kFilterSize;
  if constexpr (std::is_same_v<Element, Word>) {
    transform_filters<Kind>(packed, scales, depth.count, round_up(depth.count, Kind::units().depth), panels);
  } else {
    transform_filters<Kind>(packed, scales, depth.count, panels);
  }
}

template <class Kind, class Element = typename Kind::Element>
void transform_block(const WinogradConv& conv, std::size_t block, Depth depth, Element* panels) {
  const std::size_t size = conv.in_channels * kFilterSize;
  if (conv.int8_weight != nullptr) {
    const std::int8_t* const packed = conv.int8_weight + block * (kScaleBytes + size);
    const auto* const scales = reinterpret_cast<const float*>(packed);
    return transform_packed<Kind>(packed + kScaleBytes, scales, depth, panels);
  }
  if constexpr (std::is_same_v<Element, float>) {
    if (conv.weight != nullptr) {
      return transform_packed<Kind>(conv.weight + block * size, nullptr, depth, panels);
    }
    if (conv.f16_weight != nullptr) {
      return transform_packed<Kind>(conv.f16_weight + block * size, nullptr, depth, panels);
    }
  }
  transform_packed<Kind>(conv.bf16_weight + block * size, nullptr, depth, panels);
}

// products [tiles][kPanelWidth] (+)= inputs [tiles][depth] * panel.
template <Far kFar>
void multiply_point(const float* inputs, std::size_t stride, std::size_t tiles, std::size_t depth,
                    const float* panel, bool add, float* products, const float* next) {
  if (add) {
    multiply_rows<Start::output, kFar>(inputs, stride, tiles, depth, panel, nullptr, products, kPanelWidth,
                                       next);
  } else {
    multiply_rows<Start::row, kFar>(inputs, stride, tiles, depth, panel, nullptr, products, kPanelWidth,
                                    next);
  }
}

template <Far kFar>
void multiply_point(const Word* inputs, std::size_t stride, std::size_t tiles, std::size_t depth,
                    const Word* panel, bool add, float* products, const Word* /*next*/) {
  constexpr std::ptrdiff_t kNoOffset = 0;
  multiply({.a = inputs,
            .a_stride = stride,
            .rows = round_up(tiles, block_units().rows),
            .offsets = &kNoOffset,
            .segments = 1,
            .depth = depth,
            .panels = panel,
            .c = products,
            .c_stride = kPanelWidth,
            .add = add});
}

// products[point][tile][kPanelWidth] (+)= transformed inputs of `tiles` tiles times transformed filters.
template <class Kind, Far kFar, class Element = typename Kind::Element>
void multiply_points(const WinogradPlan& plan, const Transformed<Kind>& transformed, std::size_t tiles,
                     Depth depth, const Element* inputs, const Element* panels, float* products) {
  const std::size_t filled = round_up(depth.count, Kind::units().depth);
  for (std::size_t point = 0; point < Kind::kPoints; ++point) {
    const Element* const from = inputs + point * transformed.point_stride + depth.first;
    multiply_point<kFar>(from, transformed.tile_stride, tiles, filled, panels + point * panel_stride(filled),
                         depth.first > 0, products + point * product_stride(plan),
                         from + transformed.point_stride);
  }
}

// Products of one block of output channels -> outputs.
template <class Kind>
void write_tiles(const WinogradConv& conv, const WinogradPlan& plan, WinogradTiles tiles, std::size_t block,
                 const float* products) {
  const std::size_t first_out = block * kPanelWidth;
  const std::size_t count = std::min(kPanelWidth, conv.out_channels - first_out);
  const bool past_caches = writes_past_caches(conv);
  for (std::size_t t = 0; t < tiles.count; ++t) {
    const TilePlace place = place_of<Kind>(conv, tiles.first + t);
    for (std::size_t lane = 0; lane < count; lane += kLanes) {
      write_tile<Kind>(conv, place, first_out + lane, std::min(kLanes, count - lane),
                       products + t * kPanelWidth + lane, product_stride(plan), past_caches);
    }
  }
  if (past_caches) hwy::FlushStream();
}

template <class Kind, class Element = typename Kind::Element>
void first_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
                Element* shared) {
  const Transformed<Kind> transformed(conv, plan.chunk_tiles);
  if (plan.shared == WinogradPlan::Shared::filters) {
    return transform_block<Kind>(conv, part, {0, conv.in_channels}, shared + part * transformed.block_size);
  }
  const auto [first, count] = winograd_first_tiles(conv, plan, chunk, part);
  transform_tiles(conv, transformed, first, count,
                  shared + (first - chunk * plan.chunk_tiles) * transformed.tile_stride);
}

// A group of tiles, all output channels.
template <class Kind, class Element = typename Kind::Element>
void group_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t part, const Element* filters,
                float* products, Element* inputs) {
  const Transformed<Kind> transformed(conv, plan.group_tiles);
  const auto [tiles, first_block, blocks] = winograd_second_part_of(conv, plan, kGeometry, 0, part);
  transform_tiles(conv, transformed, tiles.first, tiles.count, inputs);
  for (std::size_t block = first_block; block < first_block + blocks; ++block) {
    const Element* const panels = filters + block * transformed.block_size;
    multiply_points<Kind, Far{.panel = true, .next_rows = true}>(
        plan, transformed, tiles.count, {0, conv.in_channels}, inputs, panels, products);
    write_tiles<Kind>(conv, plan, tiles, block, products);
  }
}

// A block of output channels, some groups of a chunk.
template <class Kind, class Element = typename Kind::Element>
void block_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
                const Element* inputs, float* products, Element* panels) {
  const Transformed<Kind> transformed(conv, plan.chunk_tiles);
  const WinogradSecondPart of = winograd_second_part_of(conv, plan, kGeometry, chunk, part);
  if (of.tiles.count == 0) return;  // of the last, smaller chunk
  const std::size_t block = of.first_block, chunk_first = chunk * plan.chunk_tiles;
  const std::size_t begin = of.tiles.first - chunk_first, end = begin + of.tiles.count;
  for (std::size_t channel = 0; channel < conv.in_channels; channel += plan.part_channels) {
    const Depth depth{channel, std::min(plan.part_channels, conv.in_channels - channel)};
    transform_block<Kind>(conv, block, depth, panels);
    for (std::size_t first = begin; first < end; first += plan.group_tiles) {
      const WinogradTiles tiles{chunk_first + first, std::min(plan.group_tiles, end - first)};
      multiply_points<Kind, Far{.next_rows = true}>(
          plan, transformed, tiles.count, depth, inputs + first * transformed.tile_stride, panels, products);
      if (channel + depth.count == conv.in_channels) write_tiles<Kind>(conv, plan, tiles, block, products);
    }
  }
}

void FirstPart(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
               float* shared) {
  with_kind(conv, plan, [&](auto kind) {
    using Element = typename decltype(kind)::Element;
    first_part<decltype(kind)>(conv, plan, chunk, part, reinterpret_cast<Element*>(shared));
  });
}

void SecondPart(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk, std::size_t part,
                const float* shared, float* thread) {
  with_kind(conv, plan, [&](auto kind) {
    using Kind = decltype(kind);
    using Element = typename Kind::Element;
    const auto* const transformed = reinterpret_cast<const Element*>(shared);
    auto* const own = reinterpret_cast<Element*>(thread + Kind::kPoints * product_stride(plan));
    if (plan.shared == WinogradPlan::Shared::filters) {
      group_part<Kind>(conv, plan, part, transformed, thread, own);
    } else {
      block_part<Kind>(conv, plan, chunk, part, transformed, thread, own);
    }
  });
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Plan);
HWY_EXPORT(FirstPart);
HWY_EXPORT(SecondPart);

WinogradPlan plan_winograd(const WinogradConv& conv, std::size_t threads) {
  return HWY_DYNAMIC_DISPATCH(Plan)(conv, threads);
}

void winograd_first_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                         std::size_t part, float* shared) {
  HWY_DYNAMIC_DISPATCH(FirstPart)(conv, plan, chunk, part, shared);
}

void winograd_second_part(const WinogradConv& conv, const WinogradPlan& plan, std::size_t chunk,
                          std::size_t part, const float* shared, float* thread) {
  HWY_DYNAMIC_DISPATCH(SecondPart)(conv, plan, chunk, part, shared, thread);
}

}  // namespace sdw::kernels::cpu
#endif
