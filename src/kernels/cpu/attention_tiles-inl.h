// Attention by blocks that panels multiply (panel_block.h): on AMX, tiles of bfloat16. Included once for each
// instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_ATTENTION_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_ATTENTION_TILES_INL_H_
#undef SDW_KERNELS_CPU_ATTENTION_TILES_INL_H_
#else
#define SDW_KERNELS_CPU_ATTENTION_TILES_INL_H_
#endif

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/attention.h"
#include "kernels/cpu/attention_plan.h"
#include "kernels/cpu/attention_rows.h"
#include "kernels/cpu/bf16-inl.h"
#include "kernels/cpu/panel_block.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

class TileAttention {
 public:
  static constexpr std::size_t kBlockQueries = TileAttentionSizes::kBlockQueries;
  static constexpr std::size_t kKeyBlock = TileAttentionSizes::kKeyBlock;

  struct Sizes : TileAttentionSizes {
    explicit Sizes(const Attention& attention) : TileAttentionSizes(attention, block_units()) {}
  };

  TileAttention(const Attention& attention, float* head, float* thread)
      : attention_(attention),
        sizes_(attention),
        key_(reinterpret_cast<Word*>(head)),
        value_(reinterpret_cast<Word*>(head + sizes_.key)),
        query_(reinterpret_cast<Word*>(thread)),
        probabilities_(reinterpret_cast<Word*>(thread + sizes_.query)),
        scores_(thread + sizes_.query + sizes_.probabilities),
        output_(scores_ + sizes_.scores),
        most_(output_ + sizes_.output),
        sum_(most_ + kBlockQueries) {}

  void pack(const HeadRows& keys, const HeadRows& values, std::size_t first, std::size_t last) const {
    pack_keys(keys, first, last);
    pack_values(values, first, last);
  }

  void attend(const HeadRows& queries, std::size_t first_query, std::size_t count) const {
    set_queries(queries, first_query, count);
    std::fill_n(most_, kBlockQueries, -std::numeric_limits<float>::infinity());
    std::fill_n(sum_, kBlockQueries, 0.0F);
    std::fill_n(output_, sizes_.output, 0.0F);
    const std::size_t all =
        attention_.causal ? std::min(attention_.keys, first_query + count) : attention_.keys;
    for (std::size_t first = 0; first < all; first += kKeyBlock) {
      const std::size_t keys = std::min(kKeyBlock, sizes_.keys - first);
      score(count, first, keys);
      for (std::size_t q = 0; q < count; ++q) {
        const std::size_t visible = attention_.causal ? first_query + q + 1 : attention_.keys;
        take_exponentials(q, std::min(visible - std::min(visible, first), keys), keys);
      }
      add_values(count, first, keys);
    }
  }

  void write_output(float* output, std::size_t stride, std::size_t count) const {
    for (std::size_t q = 0; q < count; ++q) {
      scale_row(output_ + q * sizes_.width, sizes_.width, 1.0F / sum_[q]);
      std::copy_n(output_ + q * sizes_.width, attention_.head_dim, output + q * stride);
    }
  }

 private:
  static constexpr std::ptrdiff_t kNoOffset = 0;

  // Keys as the columns of panels: [depth / 2][kPanelColumns][2].
  void pack_keys(const HeadRows& rows, std::size_t first, std::size_t last) const {
    std::fill(key_ + first * sizes_.depth, key_ + last * sizes_.depth, Word{0});
    for (std::size_t i = first; i < std::min(last, rows.count); ++i) {
      Word* panel = key_ + i / kPanelColumns * panel_words(sizes_.depth) + i % kPanelColumns * 2;
      for_each_rounded(rows.row(i), 1.0F,
                       [&](std::size_t d, Word value) { panel[d / 2 * 2 * kPanelColumns + d % 2] = value; });
    }
  }

  // Values with the keys as their depth.
  void pack_values(const HeadRows& rows, std::size_t first, std::size_t last) const {
    for (std::size_t d = 0; d < sizes_.width; d += kPanelColumns) {
      Word* const panel = value_ + d * sizes_.keys;
      std::fill(panel + first * kPanelColumns, panel + last * kPanelColumns, Word{0});
    }
    for (std::size_t i = first; i < std::min(last, rows.count); ++i) {
      Word* pair = value_ + i / 2 * 2 * kPanelColumns + i % 2;
      for_each_rounded(rows.row(i), 1.0F, [&](std::size_t d, Word value) {
        pair[d / kPanelColumns * panel_words(sizes_.keys) + d % kPanelColumns * 2] = value;
      });
    }
  }

  void set_queries(const HeadRows& rows, std::size_t first, std::size_t count) const {
    const float scale = score_scale(attention_.head_dim);
    std::fill_n(query_, kBlockQueries * sizes_.depth, Word{0});
    for (std::size_t q = 0; q < count; ++q) {
      for_each_rounded(rows.row(first + q), scale,
                       [&](std::size_t d, Word value) { query_[q * sizes_.depth + d] = value; });
    }
  }

  // Every value of a row, times `scale`, rounded.
  template <class Take>
  void for_each_rounded(const float* row, float scale, const Take& take) const {
    constexpr std::size_t kSome = 64;
    float scaled[kSome];
    Word rounded[kSome];
    for (std::size_t d = 0; d < attention_.head_dim; d += kSome) {
      const std::size_t count = std::min(kSome, attention_.head_dim - d);
      for (std::size_t j = 0; j < count; ++j) scaled[j] = row[d + j] * scale;
      to_bf16(scaled, count, rounded);
      for (std::size_t j = 0; j < count; ++j) take(d + j, rounded[j]);
    }
  }

  void score(std::size_t queries, std::size_t first_key, std::size_t keys) const {
    multiply({.a = query_,
              .a_stride = sizes_.depth,
              .rows = round_up(queries, kBlockRows),
              .offsets = &kNoOffset,
              .segments = 1,
              .depth = sizes_.depth,
              .panels = key_ + first_key * sizes_.depth,
              .panel_stride = panel_words(sizes_.depth),
              .columns = keys,
              .c = scores_,
              .c_stride = kKeyBlock});
  }

  void add_values(std::size_t queries, std::size_t first_key, std::size_t keys) const {
    multiply({.a = probabilities_,
              .a_stride = kKeyBlock,
              .rows = round_up(queries, kBlockRows),
              .offsets = &kNoOffset,
              .segments = 1,
              .depth = keys,
              .panels = value_ + first_key * kPanelColumns,
              .panel_stride = panel_words(sizes_.keys),
              .columns = sizes_.width,
              .c = output_,
              .c_stride = sizes_.width,
              .add = true});
  }

  // Scores of one query against a block of keys, of which it sees `seen` -> probabilities, relative to the
  // maximum so far.
  void take_exponentials(std::size_t query, std::size_t seen, std::size_t keys) const {
    const float* const row = scores_ + query * kKeyBlock;
    float* const output = output_ + query * sizes_.width;
    const float most = std::max(most_[query], largest(row, seen));
    const float correction = most == most_[query] ? 1.0F : std::exp2(most_[query] - most);
    sum_[query] =
        sum_[query] * correction + exponentials(row, seen, keys, most, probabilities_ + query * kKeyBlock);
    if (correction != 1.0F) scale_row(output, sizes_.width, correction);
    most_[query] = most;
  }

  // 2^(score - most), zeros beyond `seen`. Returns their sum.
  static float exponentials(const float* scores, std::size_t seen, std::size_t keys, float most, Word* to) {
    const FloatVector shift = hn::Set(kFloat, most);
    FloatVector sum = hn::Zero(kFloat);
    for (std::size_t k = 0; k < keys; k += kLanes) {
      FloatVector value = hn::Zero(kFloat);
      if (k < seen) {
        value = exp2_of_negative(hn::Sub(hn::Load(kFloat, scores + k), shift));
        if (k + kLanes > seen) value = hn::IfThenElseZero(hn::FirstN(kFloat, seen - k), value);
      }
      store_as(value, to + k);
      sum = hn::Add(sum, value);
    }
    return hn::GetLane(hn::SumOfLanes(kFloat, sum));
  }

  static float largest(const float* scores, std::size_t seen) {
    const FloatVector lowest = hn::Set(kFloat, -std::numeric_limits<float>::infinity());
    FloatVector most = lowest;
    for (std::size_t k = 0; k < seen; k += kLanes) {
      FloatVector value = hn::Load(kFloat, scores + k);
      if (k + kLanes > seen) value = hn::IfThenElse(hn::FirstN(kFloat, seen - k), value, lowest);
      most = hn::Max(most, value);
    }
    return hn::GetLane(hn::MaxOfLanes(kFloat, most));
  }

  static void scale_row(float* row, std::size_t width, float factor) {
    for (std::size_t d = 0; d < width; d += kLanes) {
      hn::StoreU(hn::Mul(hn::LoadU(kFloat, row + d), hn::Set(kFloat, factor)), kFloat, row + d);
    }
  }

  const Attention& attention_;
  Sizes sizes_;
  Word *key_, *value_, *query_, *probabilities_;
  float *scores_, *output_, *most_, *sum_;
};

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
