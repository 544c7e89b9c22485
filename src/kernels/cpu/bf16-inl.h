// Vectors of float32 from and to bfloat16 in integer arithmetic, and from float16 and bytes, which every
// instruction set has. Included once for each (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_BF16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_BF16_INL_H_
#undef SDW_KERNELS_CPU_BF16_INL_H_
#else
#define SDW_KERNELS_CPU_BF16_INL_H_
#endif

#include <cstdint>

#include "kernels/cpu/micro_gemm-inl.h"
#include "kernels/cpu/panel_block.h"
#include "kernels/cpu/rounding.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// To the nearest bfloat16 (ties away from zero): in the lower and in the upper half of each lane.
HWY_INLINE hn::Vec<WordTag> lower_bf16(FloatVector value) {
  return hn::ShiftRight<16>(hn::Add(hn::BitCast(kWord, value), hn::Set(kWord, 0x8000U)));
}

HWY_INLINE hn::Vec<WordTag> upper_bf16(FloatVector value) {
  return hn::And(hn::Add(hn::BitCast(kWord, value), hn::Set(kWord, 0x8000U)), hn::Set(kWord, 0xFFFF0000U));
}

HWY_INLINE FloatVector load_widened(const float* from) {
  return hn::LoadU(kFloat, from);
}

HWY_INLINE FloatVector load_widened(const Word* bf16) {
  constexpr hn::Rebind<Word, FloatTag> half;
  return hn::BitCast(kFloat, hn::ShiftLeft<16>(hn::PromoteTo(kWord, hn::LoadU(half, bf16))));
}

HWY_INLINE FloatVector load_widened(const Half* from) {
  constexpr hn::Rebind<hwy::float16_t, FloatTag> half;
  return hn::PromoteTo(kFloat, hn::LoadU(half, reinterpret_cast<const hwy::float16_t*>(from)));
}

HWY_INLINE FloatVector load_widened(const std::int8_t* from) {
  constexpr hn::RebindToSigned<FloatTag> integer;
  constexpr hn::Rebind<std::int8_t, FloatTag> byte;
  return hn::ConvertTo(kFloat, hn::PromoteTo(integer, hn::LoadU(byte, from)));
}

HWY_INLINE void store_as(FloatVector value, float* to) {
  hn::StoreU(value, kFloat, to);
}

HWY_INLINE void store_as(FloatVector value, Word* to) {
  constexpr hn::Rebind<Word, FloatTag> half;
  hn::StoreU(hn::TruncateTo(half, lower_bf16(value)), half, to);
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
