// The three transforms of Winograd's F(4x4, 3x3), each of one column of vectors; done to the columns and then
// to the rows of a tile. Included once for each instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#undef SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#else
#define SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#endif

#include <cstddef>

#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

inline constexpr std::size_t kOutTile = 4;
inline constexpr std::size_t kInTile = 6;
inline constexpr std::size_t kPoints = kInTile * kInTile;

// Interpolation points 0, +-a, +-b and infinity. Reciprocal pairs keep the transforms' entries, and with them
// the rounding error, small: about a third of that of the usual +-1, +-2.
inline constexpr float kA = 0.70710678F, kB = 1.41421356F;
inline constexpr float kA2 = 0.5F, kB2 = 2.0F, kA3 = kA2 * kA, kB3 = kB2 * kB;
inline constexpr float kA2B2 = kA2 * kB2, kSum = kA2 + kB2;

// out = B^T in for one column of six vectors.
HWY_INLINE void transform_input(const FloatVector (&in)[kInTile], FloatVector (&out)[kInTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  const FloatVector even_a = hn::NegMulAdd(set(kB2), in[2], in[4]);
  const FloatVector odd_a = hn::Mul(set(kA), hn::NegMulAdd(set(kB2), in[1], in[3]));
  const FloatVector even_b = hn::NegMulAdd(set(kA2), in[2], in[4]);
  const FloatVector odd_b = hn::Mul(set(kB), hn::NegMulAdd(set(kA2), in[1], in[3]));
  out[0] = hn::MulAdd(set(kA2B2), in[0], hn::NegMulAdd(set(kSum), in[2], in[4]));
  out[1] = hn::Add(even_a, odd_a);
  out[2] = hn::Sub(even_a, odd_a);
  out[3] = hn::Add(even_b, odd_b);
  out[4] = hn::Sub(even_b, odd_b);
  out[5] = hn::MulAdd(set(kA2B2), in[1], hn::NegMulAdd(set(kSum), in[3], in[5]));
}

// out = G in for one column of three vectors.
HWY_INLINE void transform_weight(const FloatVector (&in)[3], FloatVector (&out)[kInTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  constexpr float kNa = 1.0F / (2.0F * kA2 * (kA2 - kB2)), kNb = 1.0F / (2.0F * kB2 * (kB2 - kA2));
  const FloatVector even_a = hn::Mul(set(kNa), hn::MulAdd(set(kA2), in[2], in[0]));
  const FloatVector odd_a = hn::Mul(set(kNa * kA), in[1]);
  const FloatVector even_b = hn::Mul(set(kNb), hn::MulAdd(set(kB2), in[2], in[0]));
  const FloatVector odd_b = hn::Mul(set(kNb * kB), in[1]);
  out[0] = hn::Mul(set(1.0F / kA2B2), in[0]);
  out[1] = hn::Add(even_a, odd_a);
  out[2] = hn::Sub(even_a, odd_a);
  out[3] = hn::Add(even_b, odd_b);
  out[4] = hn::Sub(even_b, odd_b);
  out[5] = in[2];
}

// out = A^T in for one column of six vectors.
HWY_INLINE void transform_output(const FloatVector (&in)[kInTile], FloatVector (&out)[kOutTile]) {
  const auto set = [](float value) { return hn::Set(kFloat, value); };
  const FloatVector sum_a = hn::Add(in[1], in[2]), difference_a = hn::Sub(in[1], in[2]);
  const FloatVector sum_b = hn::Add(in[3], in[4]), difference_b = hn::Sub(in[3], in[4]);
  out[0] = hn::Add(in[0], hn::Add(sum_a, sum_b));
  out[1] = hn::MulAdd(set(kB), difference_b, hn::Mul(set(kA), difference_a));
  out[2] = hn::MulAdd(set(kB2), sum_b, hn::Mul(set(kA2), sum_a));
  out[3] = hn::Add(in[5], hn::MulAdd(set(kB3), difference_b, hn::Mul(set(kA3), difference_a)));
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
