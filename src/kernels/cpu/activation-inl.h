// Activations on vectors. Included once for each instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_ACTIVATION_INL_H_
#undef SDW_KERNELS_CPU_ACTIVATION_INL_H_
#else
#define SDW_KERNELS_CPU_ACTIVATION_INL_H_
#endif

#include <hwy/contrib/math/math-inl.h>

#include "kernels/cpu/micro_gemm-inl.h"
#include "kernels/cpu/rounding.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// 2^x for x at most 0, within 3e-7 of it; below -126, 2^-126. The polynomial is 2^x's on [-0.5, 0.5] with the
// least relative error.
HWY_INLINE FloatVector exp2_of_negative(FloatVector x) {
  const auto set = [](float value) HWY_ATTR { return hn::Set(kFloat, value); };
  x = hn::Max(x, set(-126.0F));
  const FloatVector shifted = hn::Add(x, set(kToInteger));
  const FloatVector rest = hn::Sub(x, hn::Sub(shifted, set(kToInteger)));
  FloatVector value = hn::MulAdd(set(0.00132764713F), rest, set(0.00967554096F));
  value = hn::MulAdd(value, rest, set(0.0555071309F));
  value = hn::MulAdd(value, rest, set(0.240221202F));
  value = hn::MulAdd(value, rest, set(0.693146944F));
  value = hn::MulAdd(value, rest, set(1.00000012F));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(kWord, shifted));
  return hn::BitCast(kFloat, hn::Add(hn::BitCast(kWord, value), exponent));
}

// The same within 8e-5, for what is rounded to bfloat16 or a byte.
HWY_INLINE FloatVector coarse_exp2_of_negative(FloatVector x) {
  const auto set = [](float value) HWY_ATTR { return hn::Set(kFloat, value); };
  x = hn::Max(x, set(-126.0F));
  const FloatVector shifted = hn::Add(x, set(kToInteger));
  const FloatVector rest = hn::Sub(x, hn::Sub(shifted, set(kToInteger)));
  FloatVector value = hn::MulAdd(set(0.0551716701F), rest, set(0.242611128F));
  value = hn::MulAdd(value, rest, set(0.693260986F));
  value = hn::MulAdd(value, rest, set(0.999928073F));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(kWord, shifted));
  return hn::BitCast(kFloat, hn::Add(hn::BitCast(kWord, value), exponent));
}

// x / (1 + exp(-x)).
HWY_INLINE FloatVector silu(FloatVector x) {
  return hn::Div(x, hn::Add(hn::Set(kFloat, 1.0F), hn::Exp(kFloat, hn::Neg(x))));
}

// x * Phi(x), Phi by the rational approximation of erfc of Abramowitz and Stegun, 7.1.26: within 1.5e-7.
HWY_INLINE FloatVector gelu(FloatVector x) {
  const auto set = [](float value) HWY_ATTR { return hn::Set(kFloat, value); };
  const FloatVector z = hn::Mul(hn::Abs(x), set(0.70710678F));
  const FloatVector t = hn::Div(set(1.0F), hn::MulAdd(set(0.3275911F), z, set(1.0F)));
  FloatVector series = hn::MulAdd(t, set(1.061405429F), set(-1.453152027F));
  series = hn::MulAdd(t, series, set(1.421413741F));
  series = hn::MulAdd(t, series, set(-0.284496736F));
  series = hn::Mul(t, hn::MulAdd(t, series, set(0.254829592F)));
  const FloatVector tail = hn::Mul(hn::Mul(set(0.5F), series), hn::Exp(kFloat, hn::Neg(hn::Mul(z, z))));
  const auto negative = hn::Lt(x, hn::Zero(kFloat));
  return hn::Mul(x, hn::IfThenElse(negative, tail, hn::Sub(set(1.0F), tail)));
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
