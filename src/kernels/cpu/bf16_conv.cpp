#include "kernels/cpu/bf16_conv.h"

#include <algorithm>
#include <array>

#include "kernels/cpu/bf16_block.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/bf16_conv.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// Rows of the picture, a border of zeros around them, one after the other: pixel (y, x) of the output sums
// the nine pixels from (y, x) on, so that all outputs of a part, and two that nobody needs at the end of each
// row, are consecutive rows of one matrix.
struct Rows {
  std::size_t image, first, count;  // of the output
};

std::size_t pitch_of(const Bf16Conv& conv) {
  return conv.out_width + 2;
}

void round_picture_row(const Bf16Conv& conv, std::size_t image, std::size_t y, std::uint16_t* to) {
  const std::size_t depth = round_up(conv.in_channels, kBf16Depth), shift = conv.upsample ? 1 : 0;
  const float* const row =
      conv.input + (image * conv.in_height + (y >> shift)) * conv.in_width * conv.in_channels;
  for (std::size_t x = 0; x < conv.out_width; ++x, to += depth) {
    to_bf16(row + (x >> shift) * conv.in_channels, conv.in_channels, to);
    std::fill(to + conv.in_channels, to + depth, std::uint16_t{0});
  }
}

void round_rows(const Bf16Conv& conv, const Rows& rows, std::uint16_t* picture) {
  const std::size_t depth = round_up(conv.in_channels, kBf16Depth), pitch = pitch_of(conv);
  for (std::size_t i = 0; i < rows.count + 2; ++i) {
    std::uint16_t* const to = picture + i * pitch * depth;
    const std::size_t y = rows.first + i - 1;  // wraps round below zero
    if (y >= conv.out_height) {
      std::fill_n(to, pitch * depth, std::uint16_t{0});
      continue;
    }
    std::fill_n(to, depth, std::uint16_t{0});
    round_picture_row(conv, rows.image, y, to + depth);
    std::fill_n(to + (pitch - 1) * depth, depth, std::uint16_t{0});
  }
  std::fill_n(picture + (rows.count + 2) * pitch * depth, (kBf16Rows + 2) * depth, std::uint16_t{0});
}

// The sums of one panel, in pieces of the depth so that a piece of the panel stays in the first-level cache
// for all rows: several taps at once where channels are few, a part of one where they are many.
void multiply_panel(const Bf16Conv& conv, const Rows& rows, const std::uint16_t* picture,
                    const std::uint16_t* packed, float* sums) {
  constexpr std::size_t kPiece = 640;
  const std::size_t depth = round_up(conv.in_channels, kBf16Depth), pitch = pitch_of(conv);
  std::array<std::ptrdiff_t, 9> offsets;
  for (std::size_t tap = 0; tap < 9; ++tap)
    offsets[tap] = static_cast<std::ptrdiff_t>((tap / 3 * pitch + tap % 3) * depth);
  Bf16Block block{.a_stride = depth,
                  .rows = round_up(rows.count * pitch, kBf16Rows),
                  .panel_count = 1,
                  .c = sums,
                  .c_stride = kBf16Columns};
  const std::size_t taps = std::clamp<std::size_t>(kPiece / depth, 1, 9), piece = std::min(depth, kPiece);
  for (std::size_t tap = 0; tap < 9; tap += taps) {
    for (std::size_t k = 0; k < depth; k += piece) {
      block.a = picture + k;
      block.offsets = offsets.data() + tap;
      block.segments = std::min(taps, 9 - tap);
      block.depth = std::min(piece, depth - k);
      block.panels = packed + bf16_panel_size(tap * depth + k);
      multiply_bf16(block);
      block.add = true;
    }
  }
}

// output = sums + bias (+ residual) for the rows of one panel.
void write_rows(const Bf16Conv& conv, const Rows& rows, std::size_t panel, const float* sums) {
  const std::size_t channel = panel * kBf16Columns;
  const std::size_t count = std::min(kBf16Columns, conv.out_channels - channel);
  for (std::size_t y = 0; y < rows.count; ++y) {
    const float* from = sums + y * pitch_of(conv) * kBf16Columns;
    std::size_t at =
        ((rows.image * conv.out_height + rows.first + y) * conv.out_width) * conv.out_channels + channel;
    for (std::size_t x = 0; x < conv.out_width; ++x, from += kBf16Columns, at += conv.out_channels) {
      for (std::size_t c = 0; c < count; c += kLanes) {
        const std::size_t lanes = std::min(kLanes, count - c);
        FloatVector value = hn::LoadU(kFloat, from + c);
        if (conv.bias != nullptr) value = hn::Add(value, load_some(conv.bias + channel + c, lanes));
        if (conv.residual != nullptr) value = hn::Add(value, load_some(conv.residual + at + c, lanes));
        store_some(value, conv.output + at + c, lanes);
      }
    }
  }
}

void Part(const Bf16Conv& conv, const Bf16ConvPlan& plan, std::size_t part, float* scratch) {
  const std::size_t panels = round_up(conv.out_channels, kBf16Columns) / kBf16Columns;
  const std::size_t panel_parts = (panels + plan.block_panels - 1) / plan.block_panels;
  const std::size_t row_parts = (conv.out_height + plan.block_rows - 1) / plan.block_rows;
  // Neighbouring parts share their rows.
  const std::size_t first_panel = part % panel_parts * plan.block_panels;
  const std::size_t last_panel = std::min(first_panel + plan.block_panels, panels);
  Rows rows{part / panel_parts / row_parts, part / panel_parts % row_parts * plan.block_rows, 0};
  rows.count = std::min(plan.block_rows, conv.out_height - rows.first);

  float* const sums = scratch;
  auto* const picture = reinterpret_cast<std::uint16_t*>(
      scratch + round_up(plan.block_rows * pitch_of(conv), kBf16Rows) * kBf16Columns);
  round_rows(conv, rows, picture);
  const std::size_t panel_size = bf16_panel_size(9 * round_up(conv.in_channels, kBf16Depth));
  for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
    multiply_panel(conv, rows, picture, conv.packed + panel * panel_size, sums);
    write_rows(conv, rows, panel, sums);
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Part);

std::size_t bf16_conv_weight_size(std::size_t out_channels, std::size_t in_channels) {
  return 9 * round_up(in_channels, kBf16Depth) * round_up(out_channels, kBf16Columns);
}

void pack_bf16_conv_weight(const std::uint16_t* weight, std::size_t out_channels, std::size_t in_channels,
                           std::uint16_t* packed) {
  const std::size_t depth = round_up(in_channels, kBf16Depth), panel_size = bf16_panel_size(9 * depth);
  for (std::size_t first = 0; first < out_channels; first += kBf16Columns, packed += panel_size) {
    const std::size_t count = std::min(kBf16Columns, out_channels - first);
    if (count < kBf16Columns || depth != in_channels) std::fill_n(packed, panel_size, std::uint16_t{0});
    for (std::size_t n = 0; n < count; ++n) {
      for (std::size_t tap = 0; tap < 9; ++tap) {
        const std::uint16_t* from = weight + ((first + n) * 9 + tap) * in_channels;
        std::uint16_t* const to = packed + bf16_panel_size(tap * depth) + 2 * n;
        for (std::size_t c = 0; c < in_channels; ++c) to[c / 2 * 2 * kBf16Columns + c % 2] = from[c];
      }
    }
  }
}

Bf16ConvPlan plan_bf16_conv(const Bf16Conv& conv) {
  // The rounded rows of a part stay in the second-level cache beside a panel's sums.
  constexpr std::size_t kPictureBytes = std::size_t{768} << 10, kMinParts = 8;
  const std::size_t depth = round_up(conv.in_channels, kBf16Depth), pitch = conv.out_width + 2;
  const std::size_t fitting = kPictureBytes / (pitch * depth * sizeof(std::uint16_t));
  const std::size_t panels = round_up(conv.out_channels, kBf16Columns) / kBf16Columns;
  Bf16ConvPlan plan;
  plan.block_rows = std::min(fitting > 6 ? fitting - 2 : 4, conv.out_height);
  const std::size_t row_parts = (conv.out_height + plan.block_rows - 1) / plan.block_rows;
  plan.block_rows = (conv.out_height + row_parts - 1) / row_parts;
  // Where rows alone give too few parts, each is cut along the panels too.
  const std::size_t cuts = std::max<std::size_t>(kMinParts / (conv.batch * row_parts), 1);
  plan.block_panels = std::max<std::size_t>((panels + cuts - 1) / cuts, 1);
  plan.parts = conv.batch * row_parts * ((panels + plan.block_panels - 1) / plan.block_panels);
  plan.thread_floats = round_up(plan.block_rows * pitch, kBf16Rows) * kBf16Columns +
                       ((plan.block_rows + 2) * pitch + kBf16Rows + 2) * depth / 2;
  return plan;
}

void bf16_conv_part(const Bf16Conv& conv, const Bf16ConvPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(conv, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
