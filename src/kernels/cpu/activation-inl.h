// Activations on vectors. Included once for each instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_ACTIVATION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_ACTIVATION_INL_H_
#undef SDW_KERNELS_CPU_ACTIVATION_INL_H_
#else
#define SDW_KERNELS_CPU_ACTIVATION_INL_H_
#endif

#include <cstddef>
#include <numbers>

#include "kernels/cpu/micro_gemm-inl.h"
#include "kernels/cpu/rounding.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// 2^x for x at most 0; below -126, 2^-126. `terms` is the polynomial of 2^x on [-0.5, 0.5], highest first.
template <std::size_t kTerms>
HWY_INLINE FloatVector exp2_by(const float (&terms)[kTerms], FloatVector x) {
  x = hn::Max(x, hn::Set(kFloat, -126.0F));
  const FloatVector shifted = hn::Add(x, hn::Set(kFloat, kToInteger));
  const FloatVector rest = hn::Sub(x, hn::Sub(shifted, hn::Set(kFloat, kToInteger)));
  FloatVector value = hn::Set(kFloat, terms[0]);
#pragma GCC unroll 8
  for (std::size_t i = 1; i < kTerms; ++i) value = hn::MulAdd(value, rest, hn::Set(kFloat, terms[i]));
  const auto exponent = hn::ShiftLeft<23>(hn::BitCast(kWord, shifted));
  return hn::BitCast(kFloat, hn::Add(hn::BitCast(kWord, value), exponent));
}

// Within 3e-7 of it, by the polynomial with the least relative error.
HWY_INLINE FloatVector exp2_of_negative(FloatVector x) {
  constexpr float kTerms[] = {0.00132764713F, 0.00967554096F, 0.0555071309F,
                              0.240221202F,   0.693146944F,   1.00000012F};
  return exp2_by(kTerms, x);
}

// Within 8e-5 of it, for what is rounded to bfloat16 or a byte.
HWY_INLINE FloatVector coarse_exp2_of_negative(FloatVector x) {
  constexpr float kTerms[] = {0.0551716701F, 0.242611128F, 0.693260986F, 0.999928073F};
  return exp2_by(kTerms, x);
}

// x / (1 + exp(-x)), by the exponential of a negative number.
HWY_INLINE FloatVector silu(FloatVector x) {
  const FloatVector one = hn::Set(kFloat, 1.0F);
  const FloatVector power =
      exp2_of_negative(hn::Mul(hn::Abs(x), hn::Set(kFloat, -std::numbers::log2e_v<float>)));
  const FloatVector share = hn::IfThenElse(hn::Lt(x, hn::Zero(kFloat)), power, one);
  return hn::Div(hn::Mul(x, share), hn::Add(one, power));
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
  const FloatVector power = exp2_of_negative(hn::Mul(hn::Mul(z, z), set(-std::numbers::log2e_v<float>)));
  const FloatVector tail = hn::Mul(hn::Mul(set(0.5F), series), power);
  const auto negative = hn::Lt(x, hn::Zero(kFloat));
  return hn::Mul(x, hn::IfThenElse(negative, tail, hn::Sub(set(1.0F), tail)));
}

// output = values * gelu(gates); `count` is a multiple of kLanes.
HWY_INLINE void write_gated(const float* values, const float* gates, std::size_t count, float* output) {
  for (std::size_t c = 0; c < count; c += kLanes) {
    const FloatVector gate = gelu(hn::LoadU(kFloat, gates + c));
    hn::StoreU(hn::Mul(hn::LoadU(kFloat, values + c), gate), kFloat, output + c);
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
