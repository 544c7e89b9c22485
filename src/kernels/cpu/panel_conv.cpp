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
// row, are consecutive rows of one matrix.
struct Rows {
  std::size_t image, first, count;  // of the output
};

std::size_t pitch_of(const PanelConv& conv) {
  return conv.out_width + 2;
}

const float* input_row(const PanelConv& conv, std::size_t image, std::size_t y) {
  return conv.input +
         (image * conv.in_height + (y >> (conv.upsample ? 1 : 0))) * conv.in_width * conv.in_channels;
}

// How to read the bytes of all rows that a part sees.
ByteScale scale_of_rows(const PanelConv& conv, const Rows& rows) {
  if (conv.type != PanelType::int8) return {};
  Range range;
  const std::size_t first = rows.first == 0 ? 0 : rows.first - 1;
  for (std::size_t y = first; y < std::min(rows.first + rows.count + 1, conv.out_height); ++y) {
    range = range_of(input_row(conv, rows.image, y), conv.in_width * conv.in_channels, range);
  }
  return scale_of(range);
}

void convert_picture_row(const PanelConv& conv, const float* row, ByteScale by, Word* to) {
  const std::size_t depth = depth_words(conv.type, conv.in_channels);
  for (std::size_t x = 0; x < conv.in_width; ++x, row += conv.in_channels, to += depth) {
    to_words(conv.type, row, conv.in_channels, by, to);
    if (!conv.upsample) continue;
    std::copy_n(to, depth, to + depth);
    to += depth;
  }
}

void convert_rows(const PanelConv& conv, const Rows& rows, ByteScale by, Word* picture) {
  const std::size_t depth = depth_words(conv.type, conv.in_channels), pitch = pitch_of(conv);
  const Word zero = word_of_zero(conv.type, by);
  for (std::size_t i = 0; i < rows.count + 2; ++i) {
    Word* const to = picture + i * pitch * depth;
    const std::size_t y = rows.first + i - 1;  // wraps round below zero
    if (y >= conv.out_height) {
      std::fill_n(to, pitch * depth, zero);
      continue;
    }
    std::fill_n(to, depth, zero);
    convert_picture_row(conv, input_row(conv, rows.image, y), by, to + depth);
    std::fill_n(to + (pitch - 1) * depth, depth, zero);
  }
  std::fill_n(picture + (rows.count + 2) * pitch * depth, (kBlockRows + 2) * depth, zero);
}

// The sums of one panel, in pieces of the depth so that a piece of the panel stays in the first-level cache
// for all rows: several taps at once where channels are few, a part of one where they are many.
void multiply_panel(const PanelConv& conv, const Rows& rows, const Word* picture, const Word* packed,
                    float* sums) {
  constexpr std::size_t kPiece = 640;
  const std::size_t depth = depth_words(conv.type, conv.in_channels), pitch = pitch_of(conv);
  std::array<std::ptrdiff_t, 9> offsets;
  for (std::size_t tap = 0; tap < 9; ++tap) {
    offsets[tap] = static_cast<std::ptrdiff_t>((tap / 3 * pitch + tap % 3) * depth);
  }
  PanelBlock block{.type = conv.type,
                   .a_stride = depth,
                   .rows = round_up(rows.count * pitch, kBlockRows),
                   .c = sums,
                   .c_stride = kPanelColumns};
  const std::size_t taps = std::clamp<std::size_t>(kPiece / depth, 1, 9), piece = std::min(depth, kPiece);
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
  const std::size_t panels = round_up(conv.out_channels, kPanelColumns) / kPanelColumns;
  const std::size_t panel_parts = (panels + plan.block_panels - 1) / plan.block_panels;
  const std::size_t row_parts = (conv.out_height + plan.block_rows - 1) / plan.block_rows;
  // Neighbouring parts share their rows.
  const std::size_t first_panel = part % panel_parts * plan.block_panels;
  const std::size_t last_panel = std::min(first_panel + plan.block_panels, panels);
  Rows rows{part / panel_parts / row_parts, part / panel_parts % row_parts * plan.block_rows, 0};
  rows.count = std::min(plan.block_rows, conv.out_height - rows.first);

  float* const sums = scratch;
  auto* const picture = reinterpret_cast<Word*>(
      scratch + round_up(plan.block_rows * pitch_of(conv), kBlockRows) * kPanelColumns);
  const ByteScale by = scale_of_rows(conv, rows);
  convert_rows(conv, rows, by, picture);
  const std::size_t words = packed_panel_words(conv.type, 9, conv.in_channels);
  const std::size_t ends = panel_words(9 * depth_words(conv.type, conv.in_channels));
  for (std::size_t panel = first_panel; panel < last_panel; ++panel) {
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
  const std::size_t depth = depth_words(conv.type, conv.in_channels), pitch = conv.out_width + 2;
  const std::size_t fitting = kPictureBytes / (pitch * depth * sizeof(Word));
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
                       ((plan.block_rows + 2) * pitch + kBlockRows + 2) * depth / 2;
  return plan;
}

void panel_conv_part(const PanelConv& conv, const PanelConvPlan& plan, std::size_t part, float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(conv, plan, part, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
