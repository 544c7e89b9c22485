// Rows of inputs turned into words for panels, and sums turned into outputs. Included once for each
// instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_PANEL_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_PANEL_ROWS_INL_H_
#undef SDW_KERNELS_CPU_PANEL_ROWS_INL_H_
#else
#define SDW_KERNELS_CPU_PANEL_ROWS_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "kernels/cpu/micro_gemm-inl.h"
#include "kernels/cpu/panel_pack.h"
#include "kernels/cpu/rounding.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

inline constexpr hn::RebindToSigned<FloatTag> kInt;

struct Range {
  float low = 0, high = 0;
};

// Of `count` values and zero.
HWY_INLINE Range range_of(const float* values, std::size_t count, Range range = {}) {
  // Several at a time, so that one need not wait for another.
  constexpr std::size_t kChains = 4;
  FloatVector lows[kChains], highs[kChains];
  for (std::size_t j = 0; j < kChains; ++j) {
    lows[j] = hn::Set(kFloat, range.low);
    highs[j] = hn::Set(kFloat, range.high);
  }
  const auto take = [&](std::size_t j, FloatVector value) HWY_ATTR {
    lows[j] = hn::Min(lows[j], value);
    highs[j] = hn::Max(highs[j], value);
  };
  std::size_t i = 0;
  for (; i + kChains * kLanes <= count; i += kChains * kLanes) {
    for (std::size_t j = 0; j < kChains; ++j) take(j, hn::LoadU(kFloat, values + i + j * kLanes));
  }
  for (; i < count; i += kLanes) take(0, load_some(values + i, std::min(kLanes, count - i)));
  const FloatVector low = hn::Min(hn::Min(lows[0], lows[1]), hn::Min(lows[2], lows[3]));
  const FloatVector high = hn::Max(hn::Max(highs[0], highs[1]), hn::Max(highs[2], highs[3]));
  return {hn::GetLane(hn::MinOfLanes(kFloat, low)), hn::GetLane(hn::MaxOfLanes(kFloat, high))};
}

// value = scale * (byte - zero) for bytes 0 to 255; zero itself is met exactly.
struct ByteScale {
  float scale = 1;
  std::int32_t zero = 0;
};

HWY_INLINE ByteScale scale_of(Range range) {
  const float scale = (range.high - range.low) / 255.0F;
  if (!(scale > 0)) return {};
  return {scale, static_cast<std::int32_t>(std::min(-range.low / scale + 0.5F, 255.0F))};
}

HWY_INLINE void to_bytes(const float* values, std::size_t count, ByteScale by, std::uint8_t* to) {
  constexpr hn::Rebind<std::uint8_t, FloatTag> byte;
  const FloatVector inverse = hn::Set(kFloat, 1.0F / by.scale);
  const FloatVector zero = hn::Set(kFloat, kToInteger + static_cast<float>(by.zero));
  const auto bytes_of = [&](FloatVector value) HWY_ATTR {
    const auto bits = hn::BitCast(kInt, hn::MulAdd(value, inverse, zero));
    return hn::DemoteTo(byte, hn::Sub(bits, hn::Set(kInt, kToIntegerBits)));
  };
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) hn::StoreU(bytes_of(hn::LoadU(kFloat, values + i)), byte, to + i);
  if (i == count) return;
  HWY_ALIGN std::uint8_t buffer[kLanes];
  hn::Store(bytes_of(load_some(values + i, count - i)), byte, buffer);
  std::copy_n(buffer, count - i, to + i);
}

// One row of inputs as words, filled up with what stands for zero.
HWY_INLINE void to_words(PanelType type, const float* values, std::size_t count, ByteScale by, Word* to) {
  const std::size_t words = depth_words(type, count);
  if (type == PanelType::bf16) {
    to_bf16(values, count, to);
    std::fill(to + count, to + words, Word{0});
    return;
  }
  auto* const bytes = reinterpret_cast<std::uint8_t*>(to);
  to_bytes(values, count, by, bytes);
  std::fill(bytes + count, bytes + words * sizeof(Word), static_cast<std::uint8_t>(by.zero));
}

HWY_INLINE Word word_of_zero(PanelType type, ByteScale by) {
  return type == PanelType::bf16 ? Word{0} : static_cast<Word>(by.zero * 0x0101);
}

// Where the sums of one panel go.
struct PanelOutput {
  PanelType type;
  const Word* ends;   // of a panel of bytes: its Int8Columns
  const float* bias;  // [count] or null
  std::size_t count;  // columns
};

// output = sums as floats + bias (+ residual), for one row.
HWY_INLINE void write_row(const PanelOutput& panel, const float* sums, ByteScale by, const float* residual,
                          float* output) {
  const auto* const ends = reinterpret_cast<const Int8Columns*>(panel.ends);
  for (std::size_t c = 0; c < panel.count; c += kLanes) {
    const std::size_t lanes = std::min(kLanes, panel.count - c);
    FloatVector value = hn::LoadU(kFloat, sums + c);
    if (panel.type == PanelType::int8) {
      const auto correction = hn::Mul(hn::LoadU(kInt, ends->total + c), hn::Set(kInt, by.zero));
      const auto sum = hn::Sub(hn::BitCast(kInt, value), correction);
      const FloatVector scale = hn::Mul(hn::LoadU(kFloat, ends->scale + c), hn::Set(kFloat, by.scale));
      value = hn::Mul(hn::ConvertTo(kFloat, sum), scale);
    }
    if (panel.bias != nullptr) value = hn::Add(value, load_some(panel.bias + c, lanes));
    if (residual != nullptr) value = hn::Add(value, load_some(residual + c, lanes));
    store_some(value, output + c, lanes);
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
