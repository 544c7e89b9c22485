#include "kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/cpu/panel_block.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/bf16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

constexpr std::size_t kQueryRows = 96;              // a multiple of every tile's rows
constexpr std::size_t kKeyBlock = 256;              // a multiple of every panel's width
constexpr std::size_t kPackedKeys = 4 * kKeyBlock;  // by one part

// How memory is laid out. Rows are padded to whole vectors, in bfloat16 to whole tiles.
struct Sizes {
  bool bf16;
  std::size_t keys, depth, width;  // padded: keys, head_dim as a depth, head_dim as columns
  // In floats, in this order: what all threads share, for each head of each picture; what each thread brings.
  std::size_t key, value;
  std::size_t query, probabilities, scores, output, statistics;
  std::size_t head() const { return key + value; }
  std::size_t thread() const { return query + probabilities + scores + output + statistics; }
};

Sizes sizes_of(const Attention& attention) {
  Sizes sizes;
  sizes.bf16 = attention.bf16 && can_multiply(PanelType::bf16);
  sizes.keys = round_up(attention.keys, sizes.bf16 ? kPanelColumns : kPanelWidth);
  sizes.depth = sizes.bf16 ? round_up(attention.head_dim, block_units().depth) : attention.head_dim;
  sizes.width = round_up(attention.head_dim, sizes.bf16 ? block_units().columns : kLanes);
  const std::size_t elements_in_float = sizes.bf16 ? 2 : 1;
  sizes.key = sizes.keys * sizes.depth / elements_in_float;
  sizes.value = sizes.keys * (sizes.bf16 ? round_up(sizes.width, kPanelColumns) / 2 : sizes.width);
  sizes.query = kQueryRows * sizes.depth / elements_in_float;
  // In float32 they replace the scores.
  sizes.probabilities = sizes.bf16 ? kQueryRows * kKeyBlock / elements_in_float : 0;
  sizes.scores = kQueryRows * kKeyBlock;
  sizes.output = kQueryRows * sizes.width;
  sizes.statistics = 2 * kQueryRows;
  return sizes;
}

// One head's queries, keys or values: `row(i)` is head_dim floats.
struct HeadRows {
  const float* data;
  std::size_t stride;
  std::size_t count;
  const float* row(std::size_t i) const { return data + i * stride; }
};

// What differs between float32 and bfloat16: how operands lie, and how they are multiplied. Keys and values
// are packed a range of keys at a time; where it ends beyond the last key, zeros follow.
class FloatProducts {
 public:
  FloatProducts(const Attention& attention, const Sizes& sizes, float* head, float* thread)
      : dim_(attention.head_dim),
        keys_(sizes.keys),
        width_(sizes.width),
        key_(head),
        value_(head + sizes.key),
        query_(thread) {}

  // Keys as panels [head_dim, kPanelWidth].
  void pack_keys(const HeadRows& rows, std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      float* panel = key_ + i / kPanelWidth * kPanelWidth * dim_ + i % kPanelWidth;
      for (std::size_t d = 0; d < dim_; ++d) panel[d * kPanelWidth] = i < rows.count ? rows.row(i)[d] : 0.0F;
    }
  }

  // Values as panels [keys, two vectors], the last one of an odd number of vectors.
  void pack_values(const HeadRows& rows, std::size_t first, std::size_t last) {
    for (std::size_t d = 0; d < width_; d += value_panel(d)) {
      const std::size_t panel_width = value_panel(d);
      float* panel = value_ + d * keys_ + first * panel_width;
      for (std::size_t i = first; i < last; ++i, panel += panel_width) {
        const std::size_t real = i < rows.count ? std::min(panel_width, dim_ - d) : 0;
        if (real > 0) std::copy_n(rows.row(i) + d, real, panel);
        std::fill(panel + real, panel + panel_width, 0.0F);
      }
    }
  }

  void set_queries(const HeadRows& rows, float scale) {
    for (std::size_t i = 0; i < rows.count; ++i) {
      for (std::size_t d = 0; d < dim_; ++d) query_[i * dim_ + d] = rows.row(i)[d] * scale;
    }
  }

  void score(std::size_t rows, std::size_t first_key, std::size_t keys, float* scores) const {
    for (std::size_t k = 0; k < keys; k += kPanelWidth) {
      multiply_rows<Start::row>(query_, dim_, rows, dim_, key_ + (first_key + k) * dim_, nullptr, scores + k,
                                kKeyBlock);
    }
  }

  // They replace the scores.
  float* probabilities(float* scores) const { return scores; }

  void add_values(std::size_t rows, std::size_t first_key, std::size_t keys, const float* probabilities,
                  float* output) const {
    const auto add = [&]<std::size_t kVectors>(std::size_t d) {
      const float* const panel = value_ + d * keys_ + first_key * kVectors * kLanes;
      multiply_rows<Start::output, kVectors>(probabilities, kKeyBlock, rows, keys, panel, nullptr, output + d,
                                             width_);
    };
    for (std::size_t d = 0; d < width_; d += value_panel(d)) {
      if (value_panel(d) == 3 * kLanes)
        add.template operator()<3>(d);
      else if (value_panel(d) == kPanelWidth)
        add.template operator()<2>(d);
      else
        add.template operator()<1>(d);
    }
  }

 private:
  // Columns of the panel that begins at column d.
  std::size_t value_panel(std::size_t d) const {
    return width_ - d == 3 * kLanes ? 3 * kLanes : std::min(kPanelWidth, width_ - d);
  }

  std::size_t dim_, keys_, width_;
  float *key_, *value_, *query_;
};

class Bf16Products {
 public:
  Bf16Products(const Attention& attention, const Sizes& sizes, float* head, float* thread)
      : dim_(attention.head_dim),
        keys_(sizes.keys),
        depth_(sizes.depth),
        width_(sizes.width),
        key_(reinterpret_cast<std::uint16_t*>(head)),
        value_(reinterpret_cast<std::uint16_t*>(head + sizes.key)),
        query_(reinterpret_cast<std::uint16_t*>(thread)),
        probabilities_(reinterpret_cast<std::uint16_t*>(thread + sizes.query)) {}

  // Keys as the columns of panels: [depth / 2][kPanelColumns][2].
  void pack_keys(const HeadRows& rows, std::size_t first, std::size_t last) {
    std::fill(key_ + first * depth_, key_ + last * depth_, std::uint16_t{0});
    for (std::size_t i = first; i < std::min(last, rows.count); ++i) {
      std::uint16_t* panel = key_ + i / kPanelColumns * panel_words(depth_) + i % kPanelColumns * 2;
      for_each_rounded(rows.row(i), 1.0F, [&](std::size_t d, std::uint16_t value) {
        panel[d / 2 * 2 * kPanelColumns + d % 2] = value;
      });
    }
  }

  // Values with the keys as their depth.
  void pack_values(const HeadRows& rows, std::size_t first, std::size_t last) {
    for (std::size_t d = 0; d < width_; d += kPanelColumns) {
      std::uint16_t* const panel = value_ + d * keys_;
      std::fill(panel + first * kPanelColumns, panel + last * kPanelColumns, std::uint16_t{0});
    }
    for (std::size_t i = first; i < std::min(last, rows.count); ++i) {
      std::uint16_t* pair = value_ + i / 2 * 2 * kPanelColumns + i % 2;
      for_each_rounded(rows.row(i), 1.0F, [&](std::size_t d, std::uint16_t value) {
        pair[d / kPanelColumns * panel_words(keys_) + d % kPanelColumns * 2] = value;
      });
    }
  }

  void set_queries(const HeadRows& rows, float scale) {
    std::fill_n(query_, kQueryRows * depth_, std::uint16_t{0});
    for (std::size_t i = 0; i < rows.count; ++i) {
      for_each_rounded(rows.row(i), scale,
                       [&](std::size_t d, std::uint16_t value) { query_[i * depth_ + d] = value; });
    }
  }

  void score(std::size_t rows, std::size_t first_key, std::size_t keys, float* scores) const {
    multiply({.a = query_,
              .a_stride = depth_,
              .rows = round_up(rows, kBlockRows),
              .offsets = &kNoOffset,
              .segments = 1,
              .depth = depth_,
              .panels = key_ + first_key * depth_,
              .panel_stride = panel_words(depth_),
              .columns = keys,
              .c = scores,
              .c_stride = kKeyBlock});
  }

  Word* probabilities(float*) const { return probabilities_; }

  void add_values(std::size_t rows, std::size_t first_key, std::size_t keys, const Word* probabilities,
                  float* output) const {
    multiply({.a = probabilities,
              .a_stride = kKeyBlock,
              .rows = round_up(rows, kBlockRows),
              .offsets = &kNoOffset,
              .segments = 1,
              .depth = keys,
              .panels = value_ + first_key * kPanelColumns,
              .panel_stride = panel_words(keys_),
              .columns = width_,
              .c = output,
              .c_stride = width_,
              .add = true});
  }

 private:
  static constexpr std::ptrdiff_t kNoOffset = 0;

  // Every value of a row, times `scale`, rounded.
  template <class Take>
  void for_each_rounded(const float* row, float scale, const Take& take) const {
    constexpr std::size_t kSome = 64;
    float scaled[kSome];
    std::uint16_t rounded[kSome];
    for (std::size_t d = 0; d < dim_; d += kSome) {
      const std::size_t count = std::min(kSome, dim_ - d);
      for (std::size_t j = 0; j < count; ++j) scaled[j] = row[d + j] * scale;
      to_bf16(scaled, count, rounded);
      for (std::size_t j = 0; j < count; ++j) take(d + j, rounded[j]);
    }
  }

  std::size_t dim_, keys_, depth_, width_;
  std::uint16_t *key_, *value_, *query_, *probabilities_;
};

// Scores of one query against a block of keys -> 2^(score - maximum), zeros beyond `seen`. Returns their sum.
template <class Element>
HWY_INLINE float exponentials(const float* scores, std::size_t seen, std::size_t keys, float maximum,
                              Element* to) {
  const FloatVector shift = hn::Set(kFloat, maximum);
  FloatVector sum = hn::Zero(kFloat);
  std::size_t k = 0;
  for (; k + kLanes <= seen; k += kLanes) {
    const FloatVector value = exp2_of_negative(hn::Sub(hn::Load(kFloat, scores + k), shift));
    store_as(value, to + k);
    sum = hn::Add(sum, value);
  }
  for (; k < keys; k += kLanes) {
    FloatVector value = hn::Zero(kFloat);
    if (k < seen) {
      value = exp2_of_negative(hn::Sub(hn::Load(kFloat, scores + k), shift));
      value = hn::IfThenElseZero(hn::FirstN(kFloat, seen - k), value);
    }
    store_as(value, to + k);
    sum = hn::Add(sum, value);
  }
  return hn::GetLane(hn::SumOfLanes(kFloat, sum));
}

HWY_INLINE float largest(const float* scores, std::size_t seen) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  FloatVector most = hn::Set(kFloat, kLowest);
  for (std::size_t k = 0; k < seen; k += kLanes) {
    FloatVector value = hn::Load(kFloat, scores + k);
    if (k + kLanes > seen)
      value = hn::IfThenElse(hn::FirstN(kFloat, seen - k), value, hn::Set(kFloat, kLowest));
    most = hn::Max(most, value);
  }
  return hn::GetLane(hn::MaxOfLanes(kFloat, most));
}

HWY_INLINE void scale_row(float* row, std::size_t width, float factor) {
  for (std::size_t d = 0; d < width; d += kLanes) {
    hn::StoreU(hn::Mul(hn::LoadU(kFloat, row + d), hn::Set(kFloat, factor)), kFloat, row + d);
  }
}

struct Block {
  std::size_t first_query, rows;
};

template <class Products>
void attend(const Attention& attention, const Sizes& sizes, const Products& products, const Block& block,
            float* scores, float* output, float* statistics) {
  float *const maxima = statistics, *const sums = statistics + kQueryRows;
  auto* const probabilities = products.probabilities(scores);
  std::fill_n(maxima, kQueryRows, -std::numeric_limits<float>::infinity());
  std::fill_n(sums, kQueryRows, 0.0F);
  std::fill_n(output, kQueryRows * sizes.width, 0.0F);
  const std::size_t all =
      attention.causal ? std::min(attention.keys, block.first_query + block.rows) : attention.keys;
  for (std::size_t first = 0; first < all; first += kKeyBlock) {
    const std::size_t keys = std::min(kKeyBlock, sizes.keys - first);
    products.score(block.rows, first, keys, scores);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t visible = attention.causal ? block.first_query + r + 1 : attention.keys;
      const std::size_t seen = std::min(visible - std::min(visible, first), keys);
      float* const row = scores + r * kKeyBlock;
      const float maximum = std::max(maxima[r], largest(row, seen));
      const float correction = maximum == maxima[r] ? 1.0F : std::exp2(maxima[r] - maximum);
      sums[r] = sums[r] * correction + exponentials(row, seen, keys, maximum, probabilities + r * kKeyBlock);
      if (correction != 1.0F && first > 0) scale_row(output + r * sizes.width, sizes.width, correction);
      maxima[r] = maximum;
    }
    products.add_values(block.rows, first, keys, probabilities, output);
  }
  for (std::size_t r = 0; r < block.rows; ++r)
    scale_row(output + r * sizes.width, sizes.width, 1.0F / sums[r]);
}

// Which head of which picture, in the order of parts.
struct Head {
  std::size_t image, index;
};

Head head_of(const Attention& attention, std::size_t number) {
  return {number / attention.heads, number % attention.heads};
}

HeadRows rows_of(const Attention& attention, const Head& head, const float* data, std::size_t length,
                 std::size_t stride) {
  return {data + head.image * length * stride + head.index * attention.head_dim, stride, length};
}

template <class Products>
void attend_part(const Attention& attention, const AttentionPlan& plan, const Sizes& sizes, std::size_t part,
                 Products products, float* scores) {
  float* const output = scores + sizes.scores;
  float* const statistics = output + sizes.output;
  const std::size_t query_parts = plan.parts / (attention.batch * attention.heads);
  const Head head = head_of(attention, part / query_parts);
  const HeadRows queries =
      rows_of(attention, head, attention.query, attention.queries, attention.query_stride);
  const HeadRows targets =
      rows_of(attention, head, attention.output, attention.queries, attention.heads * attention.head_dim);
  const std::size_t begin = part % query_parts * plan.part_queries;
  const std::size_t end = std::min(begin + plan.part_queries, attention.queries);
  constexpr float kLog2E = 1.44269504F;  // exponentials are powers of two
  const float scale = kLog2E / std::sqrt(static_cast<float>(attention.head_dim));
  for (std::size_t first = begin; first < end; first += kQueryRows) {
    const Block block{first, std::min(kQueryRows, end - first)};
    products.set_queries({queries.row(first), queries.stride, block.rows}, scale);
    attend(attention, sizes, products, block, scores, output, statistics);
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::size_t at = static_cast<std::size_t>(targets.row(first + r) - attention.output);
      std::copy_n(output + r * sizes.width, attention.head_dim, attention.output + at);
    }
  }
}

template <class Products>
void pack_part(const Attention& attention, const Sizes& sizes, const Head& head, std::size_t first,
               Products products) {
  const std::size_t last = std::min(first + kPackedKeys, sizes.keys);
  const auto rows = [&](const float* data) {
    return rows_of(attention, head, data, attention.keys, attention.key_stride);
  };
  products.pack_keys(rows(attention.key), first, last);
  products.pack_values(rows(attention.value), first, last);
}

AttentionPlan Plan(const Attention& attention, std::size_t threads) {
  constexpr std::size_t kPartsPerThread = 4;
  const Sizes sizes = sizes_of(attention);
  const std::size_t heads = attention.batch * attention.heads;
  const std::size_t pieces = std::max<std::size_t>(threads * kPartsPerThread / heads, 1);
  AttentionPlan plan;
  plan.pack_parts = heads * ((sizes.keys + kPackedKeys - 1) / kPackedKeys);
  plan.part_queries = round_up((attention.queries + pieces - 1) / pieces, kQueryRows);
  plan.parts = heads * ((attention.queries + plan.part_queries - 1) / plan.part_queries);
  plan.shared_floats = heads * sizes.head();
  plan.thread_floats = sizes.thread();
  return plan;
}

void PackPart(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared) {
  const Sizes sizes = sizes_of(attention);
  const std::size_t per_head = plan.pack_parts / (attention.batch * attention.heads);
  const std::size_t number = part / per_head, first = part % per_head * kPackedKeys;
  const Head head = head_of(attention, number);
  float* const packed = shared + number * sizes.head();
  if (sizes.bf16)
    pack_part(attention, sizes, head, first, Bf16Products(attention, sizes, packed, nullptr));
  else
    pack_part(attention, sizes, head, first, FloatProducts(attention, sizes, packed, nullptr));
}

void Part(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared,
          float* scratch) {
  const Sizes sizes = sizes_of(attention);
  const std::size_t query_parts = plan.parts / (attention.batch * attention.heads);
  float* const packed = shared + part / query_parts * sizes.head();
  float* const scores = scratch + sizes.query + sizes.probabilities;
  if (sizes.bf16)
    attend_part(attention, plan, sizes, part, Bf16Products(attention, sizes, packed, scratch), scores);
  else
    attend_part(attention, plan, sizes, part, FloatProducts(attention, sizes, packed, scratch), scores);
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(Plan);
HWY_EXPORT(PackPart);
HWY_EXPORT(Part);

AttentionPlan plan_attention(const Attention& attention, std::size_t threads) {
  return HWY_DYNAMIC_DISPATCH(Plan)(attention, threads);
}

void attention_pack_part(const Attention& attention, const AttentionPlan& plan, std::size_t part,
                         float* shared) {
  HWY_DYNAMIC_DISPATCH(PackPart)(attention, plan, part, shared);
}

void attention_part(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared,
                    float* scratch) {
  HWY_DYNAMIC_DISPATCH(Part)(attention, plan, part, shared, scratch);
}

}  // namespace sdw::kernels::cpu
#endif
