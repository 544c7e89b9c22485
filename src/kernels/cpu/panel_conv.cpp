#include "kernels/cpu/panel_conv.h"

#include <algorithm>
#include <array>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/panel_conv.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/panel_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// Rows of the picture, a border of zeros around them, one after the other: pixel (y, x) of the output sums
// the nine pixels from (y, x) on, so that all outputs of a part, and two that nobody needs at the end of each
// row, are consecutive rows of one matrix. With stride 2 the picture lies as four, of its even and odd rows
// and columns: each tap finds its pixels in one of them, consecutive too.
struct Rows {
  std::size_t image, first, count;  // of the output
};

// Rows of a picture (of each of the four), of which a row of the output sees so many below its first.
std::size_t rows_below(const PanelConv& conv) {
  return 2 / conv.stride;
}

std::size_t pitch_of(const PanelConv& conv) {
  return conv.out_width + rows_below(conv);
}

// Pixels from one of the four pictures to the next.
std::size_t plane_pixels(const PanelConv& conv, const Rows& rows) {
  return (rows.count + rows_below(conv)) * pitch_of(conv);
}

// Where pixel (y, x), counted from the border on, lies: in pixels.
std::size_t place_of(const PanelConv& conv, const Rows& rows, std::size_t y, std::size_t x) {
  const std::size_t shift = conv.stride - 1;  // and what is odd with stride 2
  const std::size_t plane = (y & shift) * 2 + (x & shift);
  return plane * plane_pixels(conv, rows) + (y >> shift) * pitch_of(conv) + (x >> shift);
}

// Rows that the part sees, with the border.
std::size_t rows_seen(const PanelConv& conv, const Rows& rows) {
  return (rows.count - 1) * conv.stride + 3;
}

// Null for a row of the border; `y` of those that the part sees.
const float* input_row(const PanelConv& conv, const Rows& rows, std::size_t y) {
  const std::size_t shift = conv.upsample ? 1 : 0;
  y += rows.first * conv.stride - conv.padding;  // wraps round below zero
  if (y >= conv.in_height << shift) return nullptr;
  return conv.input + (rows.image * conv.in_height + (y >> shift)) * conv.in_width * conv.in_channels;
}

// How to read the bytes of all rows that a part sees.
ByteScale scale_of_rows(const PanelConv& conv, const Rows& rows) {
  if (conv.type != PanelType::int8) return {};
  Range range;
  for (std::size_t y = 0; y < rows_seen(conv, rows); ++y) {
    const float* const row = input_row(conv, rows, y);
    if (row != nullptr) range = range_of(row, conv.in_width * conv.in_channels, range);
  }
  return scale_of(range);
}

void convert_rows(const PanelConv& conv, const Rows& rows, ByteScale by, Word* picture) {
  const std::size_t depth = depth_words(conv.type, conv.in_channels), shift = conv.upsample ? 1 : 0;
  const std::size_t pixels = conv.stride * conv.stride * plane_pixels(conv, rows);
  const std::size_t columns = pitch_of(conv) * conv.stride;  // with the border
  const Word zero = word_of_zero(conv.type, by);
  const auto pixel = [&](std::size_t y, std::size_t x) {
    return picture + place_of(conv, rows, y, x) * depth;
  };
  for (std::size_t y = 0; y < rows_seen(conv, rows); ++y) {
    const float* const row = input_row(conv, rows, y);
    const std::size_t filled = row == nullptr ? 0 : std::min(conv.in_width << shift, columns - conv.padding);
    for (std::size_t x = 0; x < filled; ++x) {
      Word* const to = pixel(y, x + conv.padding);
      if (conv.upsample && x % 2 == 1) {
        std::copy_n(pixel(y, x + conv.padding - 1), depth, to);
      } else {
        to_words(conv.type, row + (x >> shift) * conv.in_channels, conv.in_channels, by, to);
      }
    }
    const std::size_t begin = filled == 0 ? 0 : conv.padding;
    for (std::size_t x = 0; x < begin; ++x) std::fill_n(pixel(y, x), depth, zero);
    for (std::size_t x = begin + filled; x < columns; ++x) std::fill_n(pixel(y, x), depth, zero);
  }
  std::fill_n(picture + pixels * depth, (kBlockRows + 2) * depth, zero);
}

// The sums of one panel, in pieces of the depth so that a piece of the panel stays in the first-level cache
// for all rows: several taps at once where channels are few, a part of one where they are many.
void multiply_panel(const PanelConv& conv, const Rows& rows, const Word* picture, const Word* packed,
                    float* sums) {
  const std::size_t depth = depth_words(conv.type, conv.in_channels), pitch = pitch_of(conv);
  std::array<std::ptrdiff_t, 9> offsets;
  for (std::size_t tap = 0; tap < 9; ++tap) {
    offsets[tap] = static_cast<std::ptrdiff_t>(place_of(conv, rows, tap / 3, tap % 3) * depth);
  }
  PanelBlock block{.type = conv.type,
                   .a_stride = depth,
                   .rows = round_up(rows.count * pitch, kBlockRows),
                   .c = sums,
                   .c_stride = kPanelColumns};
  const std::size_t taps = std::clamp<std::size_t>(kPieceWords / depth, 1, 9),
                    piece = std::min(depth, kPieceWords);
  for (std::size_t tap = 0; tap < 9; tap += taps) {
    for (std::size_t k = 0; k < depth; k += piece) {
      block.a = picture + k;
      block.offsets = offsets.data() + tap;
      block.segments = std::min(taps, 9 - tap);
      block.depth = std::min(piece, depth - k);
      block.panels = packed + panel_words(tap * depth + k);
      multiply(block);
      block.add = true;
    }
  }
}

// output = sums as floats + bias (+ residual) for the rows of one panel.
void write_rows(const PanelConv& conv, const Rows& rows, std::size_t panel, const Word* ends, ByteScale by,
                const float* sums) {
  const std::size_t channel = panel * kPanelColumns;
  const PanelOutput out{conv.type, ends, conv.bias == nullptr ? nullptr : conv.bias + channel,
                        std::min(kPanelColumns, conv.out_channels - channel)};
  for (std::size_t y = 0; y < rows.count; ++y) {
    const float* from = sums + y * pitch_of(conv) * kPanelColumns;
    std::size_t at =
        ((rows.image * conv.out_height + rows.first + y) * conv.out_width) * conv.out_channels + channel;
    for (std::size_t x = 0; x < conv.out_width; ++x, from += kPanelColumns, at += conv.out_channels) {
      write_row(out, from, by, conv.residual == nullptr ? nullptr : conv.residual + at, conv.output + at);
    }
  }
}

void Part(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part, float* scratch) {
  const PanelConvPart of = part_of(conv, plan, part);
  const Rows rows{of.image, of.first_row, of.rows};
  float* const sums = scratch;
  auto* const picture = reinterpret_cast<Word*>(
      scratch + round_up(plan.block_rows * pitch_of(conv), kBlockRows) * kPanelColumns);
  const ByteScale by = scale_of_rows(conv, rows);
  convert_rows(conv, rows, by, picture);
  const std::size_t words = packed_panel_words(conv.type, 9, conv.in_channels);
  const std::size_t ends = panel_words(9 * depth_words(conv.type, conv.in_channels));
  for (std::size_t panel = of.first_panel; panel < of.first_panel + of.panels; ++panel) {
    const Word* const packed = conv.packed + panel * words;
    multiply_panel(conv, rows, picture, packed, sums);
    write_rows(conv, rows, panel, packed + ends, by, sums);
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Part);

PanelConvPlan plan_panel_conv(const PanelConv& conv) {
  // The converted rows of a part stay in the second-level cache beside a panel's sums.
  constexpr std::size_t kPictureBytes = std::size_t{768} << 10, kMinParts = 8;
  const std::size_t depth = depth_words(conv.type, conv.in_channels);
  const std::size_t below = 2 / conv.stride, pitch = conv.out_width + below;
  const std::size_t row_pixels = conv.stride * conv.stride * pitch;
  const std::size_t fitting = kPictureBytes / (row_pixels * depth * sizeof(Word));
  const std::size_t panels = round_up(conv.out_channels, kPanelColumns) / kPanelColumns;
  PanelConvPlan plan;
  plan.block_rows = std::min(fitting > 6 ? fitting - 2 : 4, conv.out_height);
  const std::size_t row_parts = (conv.out_height + plan.block_rows - 1) / plan.block_rows;
  plan.block_rows = (conv.out_height + row_parts - 1) / row_parts;
  // Where rows alone give too few parts, each is cut along the panels too.
  const std::size_t cuts = std::max<std::size_t>(kMinParts / (conv.batch * row_parts), 1);
  plan.block_panels = std::max<std::size_t>((panels + cuts - 1) / cuts, 1);
  plan.parts = conv.batch * row_parts * ((panels + plan.block_panels - 1) / plan.block_panels);
  plan.thread_floats = round_up(plan.block_rows * pitch, kBlockRows) * kPanelColumns +
                       ((plan.block_rows + below) * row_pixels + kBlockRows + 2) * depth / 2;
  return plan;
}

PanelConvPart part_of(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part) {
  const std::size_t panels = round_up(conv.out_channels, kPanelColumns) / kPanelColumns;
  const std::size_t panel_parts = (panels + plan.block_panels - 1) / plan.block_panels;
  const std::size_t row_parts = (conv.out_height + plan.block_rows - 1) / plan.block_rows;
  PanelConvPart out;
  out.image = part / panel_parts / row_parts;
  out.first_row = part / panel_parts % row_parts * plan.block_rows;
  out.rows = std::min(plan.block_rows, conv.out_height - out.first_row);
  out.first_panel = part % panel_parts * plan.block_panels;
  out.panels = std::min(plan.block_panels, panels - out.first_panel);
  return out;
}

void panel_conv_part(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(conv, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
