#include "kernels/cpu/attention.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "kernels/cpu/panel_block.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/attention.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"
#include "kernels/cpu/attention_plan.h"
#include "kernels/cpu/attention_rows.h"
#include "kernels/cpu/attention_tiles-inl.h"
#include "kernels/cpu/bf16-inl.h"
#include "kernels/cpu/panel_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// A block of queries, and of a product's tile: vectors of queries by keys (or channels).
constexpr std::size_t kQueryVectors = kGeometry.query_vectors;
constexpr std::size_t kQueries = kQueryVectors * kLanes;
constexpr std::size_t kTileKeys = kAttentionTileKeys;

using WordVector = hn::Vec<WordTag>;
using IntVector = hn::Vec<hn::RebindToSigned<FloatTag>>;

// to[c * to_stride + r] = from[r * from_stride + c].
void transpose(const std::uint32_t* from, std::size_t from_stride, std::size_t rows, std::size_t columns,
               std::uint32_t* to, std::size_t to_stride) {
  constexpr std::size_t kSide = 4;
  constexpr hn::CappedTag<std::uint32_t, kSide> kRow;
  const std::size_t square_columns = columns / kSide * kSide;
  for (std::size_t r = 0; r < rows; r += kSide) {
    const bool square = rows - r >= kSide;
    for (std::size_t c = 0; square && c < square_columns; c += kSide) {
      const auto row = [&](std::size_t i)
                           HWY_ATTR { return hn::LoadU(kRow, from + (r + i) * from_stride + c); };
      const auto write = [&](std::size_t i, auto column)
                             HWY_ATTR { hn::StoreU(column, kRow, to + (c + i) * to_stride + r); };
      const auto a = hn::InterleaveLower(kRow, row(0), row(2)), b = hn::InterleaveLower(kRow, row(1), row(3));
      const auto e = hn::InterleaveUpper(kRow, row(0), row(2)), f = hn::InterleaveUpper(kRow, row(1), row(3));
      write(0, hn::InterleaveLower(kRow, a, b));
      write(1, hn::InterleaveUpper(kRow, a, b));
      write(2, hn::InterleaveLower(kRow, e, f));
      write(3, hn::InterleaveUpper(kRow, e, f));
    }
    for (std::size_t c = square ? square_columns : 0; c < columns; ++c) {
      for (std::size_t i = r; i < std::min(r + kSide, rows); ++i) {
        to[c * to_stride + i] = from[i * from_stride + c];
      }
    }
  }
}

namespace f32 {

struct Floats {
  static constexpr std::size_t kGroup = 1, kKeyBlock = 64;
  static constexpr bool kBytes = false;
  using Sum = FloatVector;
  static Sum zero() { return hn::Zero(kFloat); }
  static HWY_INLINE Sum multiply_add(WordVector lanes, WordVector word, Sum sum) {
    return hn::MulAdd(hn::BitCast(kFloat, lanes), hn::BitCast(kFloat, word), sum);
  }
  static HWY_INLINE FloatVector to_float(Sum sum) { return sum; }

  static void to_words(const float* row, std::size_t count, std::uint32_t* words) {
    std::memcpy(words, row, count * sizeof(float));
  }
  static HWY_INLINE WordVector value_word(const FloatVector (&values)[kGroup]) {
    return hn::BitCast(kWord, values[0]);
  }

  // Of 2^x for x at most 0, and their sum.
  static HWY_INLINE FloatVector exponential(FloatVector x) { return exp2_of_negative(x); }
  static FloatVector no_total() { return hn::Zero(kFloat); }
  static HWY_INLINE WordVector word(const FloatVector (&values)[kGroup], FloatVector& total) {
    total = hn::Add(total, values[0]);
    return hn::BitCast(kWord, values[0]);
  }
  static HWY_INLINE FloatVector of_total(FloatVector total, std::size_t) { return total; }
};

#include "kernels/cpu/attention_lanes-inl.h"

}  // namespace f32

#if HWY_TARGET == HWY_AVX3 && HWY_ARCH_X86
HWY_PUSH_ATTRIBUTES("avx512vnni,avx512bf16")
namespace dot {

struct Pairs {
  static constexpr std::size_t kGroup = 2, kKeyBlock = 128;
  static constexpr bool kBytes = false;
  using Sum = __m512;
  static HWY_INLINE Sum zero() { return _mm512_setzero_ps(); }
  static HWY_INLINE Sum multiply_add(WordVector lanes, WordVector word, Sum sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(lanes.raw), reinterpret_cast<__m512bh>(word.raw));
  }
  static HWY_INLINE FloatVector to_float(Sum sum) { return FloatVector{sum}; }

  static void to_words(const float* row, std::size_t count, std::uint32_t* words) {
    to_bf16(row, count, reinterpret_cast<Word*>(words));
  }
  static HWY_INLINE WordVector value_word(const FloatVector (&values)[kGroup]) {
    return hn::Or(lower_bf16(values[0]), upper_bf16(values[1]));
  }

  static HWY_INLINE FloatVector exponential(FloatVector x) { return coarse_exp2_of_negative(x); }
  static FloatVector no_total() { return hn::Zero(kFloat); }
  static HWY_INLINE WordVector word(const FloatVector (&values)[kGroup], FloatVector& total) {
    total = hn::Add(total, hn::Add(values[0], values[1]));
    return value_word(values);
  }
  static HWY_INLINE FloatVector of_total(FloatVector total, std::size_t) { return total; }
};

struct Bytes {
  static constexpr std::size_t kGroup = 4, kKeyBlock = 128;
  static constexpr bool kBytes = true;
  using Sum = __m512i;
  static HWY_INLINE Sum zero() { return _mm512_setzero_si512(); }
  static HWY_INLINE Sum start(std::int32_t value) { return _mm512_set1_epi32(value); }
  static HWY_INLINE Sum multiply_add(WordVector lanes, WordVector word, Sum sum) {
    return _mm512_dpbusd_epi32(sum, lanes.raw, word.raw);
  }
  static HWY_INLINE FloatVector to_float(Sum sum) { return hn::ConvertTo(kFloat, IntVector{sum}); }

  static HWY_INLINE WordVector value_word(const FloatVector (&values)[kGroup]) {
    WordVector word = hn::Zero(kWord);
    for (std::size_t j = kGroup; j-- > 0;) {
      const auto bits = hn::BitCast(kWord, hn::Add(values[j], hn::Set(kFloat, kToInteger)));
      word = hn::Or(hn::ShiftLeft<8>(word), hn::And(bits, hn::Set(kWord, 0xFFU)));
    }
    return word;
  }

  // 255 * 2^x, rounded, in the lower bits of a float: sums of those bits, shifted to their places, are the
  // words and the total, but for what the upper bits bring.
  static HWY_INLINE FloatVector exponential(FloatVector x) {
    return hn::MulAdd(coarse_exp2_of_negative(x), hn::Set(kFloat, 255.0F), hn::Set(kFloat, kToInteger));
  }
  static WordVector no_total() { return hn::Zero(kWord); }
  static HWY_INLINE WordVector word(const FloatVector (&values)[kGroup], WordVector& total) {
    const auto bits = [&](std::size_t j) HWY_ATTR { return hn::BitCast(kWord, values[j]); };
    total = hn::Add(total, hn::Add(hn::Add(bits(0), bits(1)), hn::Add(bits(2), bits(3))));
    const auto low = hn::Add(bits(0), hn::ShiftLeft<8>(bits(1)));
    const auto high = hn::Add(hn::ShiftLeft<16>(bits(2)), hn::ShiftLeft<24>(bits(3)));
    constexpr auto kUpper = static_cast<std::uint32_t>(kToIntegerBits);
    return hn::Sub(hn::Add(low, high), hn::Set(kWord, kUpper * 0x01010101U));
  }
  static HWY_INLINE FloatVector of_total(WordVector total, std::size_t count) {
    const auto upper = static_cast<std::uint32_t>(kToIntegerBits) * static_cast<std::uint32_t>(count);
    return hn::ConvertTo(kFloat, hn::BitCast(kInt, hn::Sub(total, hn::Set(kWord, upper))));
  }
};

#include "kernels/cpu/attention_lanes-inl.h"

}  // namespace dot
HWY_POP_ATTRIBUTES
#endif

// Calls `run` with the kernel that fits this attention and this CPU.
template <class Run>
auto with_kernel([[maybe_unused]] const Attention& attention, const Run& run) {
#if HWY_TARGET == HWY_AVX3 && HWY_ARCH_X86
  if (attention.products != AttentionProducts::f32) {
    if (panel_unit() == PanelUnit::amx) return run.template operator()<TileAttention>();
    if (attention.products == AttentionProducts::int8 && can_multiply(PanelType::int8))
      return run.template operator()<dot::LaneAttention<dot::Bytes>>();
    if (can_multiply(PanelType::bf16)) return run.template operator()<dot::LaneAttention<dot::Pairs>>();
  }
#endif
  return run.template operator()<f32::LaneAttention<f32::Floats>>();
}

// Rows of the head with that number, in the order of images and then heads.
HeadRows rows_of(const Attention& attention, std::size_t head, const float* data, std::size_t length,
                 std::size_t stride) {
  const std::size_t image = head / attention.heads, index = head % attention.heads;
  return {data + image * length * stride + index * attention.head_dim, stride, length};
}

AttentionPlan Plan(const Attention& attention, std::size_t threads) {
  return with_kernel(attention, [&]<class Kernel>() {
    return plan_attention(attention, threads, typename Kernel::Sizes(attention).blocks());
  });
}

void PackPart(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared) {
  with_kernel(attention, [&]<class Kernel>() {
    const typename Kernel::Sizes sizes(attention);
    const auto [head, first, count] = pack_part_of(attention, plan, part);
    const auto rows = [&](const float* data) {
      return rows_of(attention, head, data, attention.keys, attention.key_stride);
    };
    Kernel(attention, shared + head * sizes.head(), nullptr)
        .pack(rows(attention.key), rows(attention.value), first, first + count);
  });
}

void Part(const Attention& attention, const AttentionPlan& plan, std::size_t part, float* shared,
          float* scratch) {
  with_kernel(attention, [&]<class Kernel>() {
    const typename Kernel::Sizes sizes(attention);
    const auto [head, begin, part_queries] = part_of(attention, plan, part);
    const std::size_t end = begin + part_queries;
    const std::size_t width = attention.heads * attention.head_dim;
    const HeadRows queries =
        rows_of(attention, head, attention.query, attention.queries, attention.query_stride);
    const HeadRows outputs = rows_of(attention, head, attention.output, attention.queries, width);
    float* const output = attention.output + (outputs.data - attention.output);
    const Kernel kernel(attention, shared + head * sizes.head(), scratch);
    for (std::size_t first = begin; first < end; first += Kernel::kBlockQueries) {
      const std::size_t count = std::min(Kernel::kBlockQueries, end - first);
      kernel.attend(queries, first, count);
      kernel.write_output(output + first * width, width, count);
    }
  });
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
