// The three transforms of Winograd's minimal filtering of 3x3 convolutions. Included once for each
// instruction set (Highway's way): no ordinary include guard.
#if defined(SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#undef SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#else
#define SDW_KERNELS_CPU_WINOGRAD_TRANSFORM_INL_H_
#endif

#include <array>
#include <cstddef>

#include "kernels/cpu/micro_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// Interpolation points of F(kOut x kOut, 3x3) besides 0 and infinity, in pairs of opposite numbers. Pairs
// that are reciprocal keep the transforms' entries, and with them the rounding error, small: F(4x4) has about
// half of that of the usual +-1 and +-2, F(6x6) four times as much.
template <std::size_t kOut>
struct Points;
template <>
struct Points<4> {
  static constexpr float kPositive[] = {0.70710678F, 1.41421356F}, kSquares[] = {0.5F, 2.0F};
};
template <>
struct Points<6> {
  static constexpr float kPositive[] = {0.5F, 1.0F, 2.0F}, kSquares[] = {0.25F, 1.0F, 4.0F};
};

// Coefficients of the powers of x^2, the lowest first.
template <std::size_t kOut>
using Polynomial = std::array<float, kOut / 2 + 1>;

// The product of x^2 - square over all pairs of points but perhaps one.
template <std::size_t kOut>
constexpr Polynomial<kOut> product_without(std::size_t pair) {
  Polynomial<kOut> product{1.0F};
  for (std::size_t p = 0; p < kOut / 2; ++p) {
    if (p == pair) continue;
    const float square = Points<kOut>::kSquares[p];
    for (std::size_t k = kOut / 2; k > 0; --k) product[k] = product[k - 1] - square * product[k];
    product[0] *= -square;
  }
  return product;
}

template <std::size_t kOut>
constexpr auto products_without_each() {
  std::array<Polynomial<kOut>, kOut / 2> products{};
  for (std::size_t p = 0; p < kOut / 2; ++p) products[p] = product_without<kOut>(p);
  return products;
}

template <std::size_t kOut>
constexpr float value_at(const Polynomial<kOut>& polynomial, float x2) {
  float sum = 0.0F;
  for (std::size_t k = polynomial.size(); k-- > 0;) sum = sum * x2 + polynomial[k];
  return sum;
}

// F(kOut x kOut, 3x3): transforms of one column of vectors, done to the columns and then to the rows of a
// tile.
template <std::size_t kOut>
struct Winograd {
  static constexpr std::size_t kOutTile = kOut, kInTile = kOut + 2, kSide = kInTile;
  static constexpr std::size_t kPoints = kSide * kSide;
  static constexpr std::size_t kScale = 1;  // of the outputs' picture to the inputs'

  using Inputs = FloatVector[kInTile];
  using Values = FloatVector[kSide];  // at the points
  using Outputs = FloatVector[kOutTile];
  using Filter = FloatVector[3];

  // out = B^T in: rows are the coefficients of the product of all (x - point) but one.
  static HWY_INLINE void transform_input(const Inputs& in, Values& out) {
#pragma GCC unroll 3
    for (std::size_t p = 0; p < kPairs; ++p) {
      FloatVector even = in[kOut], odd = in[kOut - 1];
#pragma GCC unroll 3
      for (std::size_t k = 0; k + 1 < kPairs; ++k) {
        const FloatVector coefficient = hn::Set(kFloat, kOthers[p][k]);
        even = hn::MulAdd(coefficient, in[2 * k + 2], even);
        odd = hn::MulAdd(coefficient, in[2 * k + 1], odd);
      }
      odd = hn::Mul(hn::Set(kFloat, kPositive[p]), odd);
      out[2 * p + 1] = hn::Add(even, odd);
      out[2 * p + 2] = hn::Sub(even, odd);
    }
    out[0] = in[kLast - 1];
    out[kLast] = in[kLast];
#pragma GCC unroll 3
    for (std::size_t k = 0; k < kPairs; ++k) {
      const FloatVector coefficient = hn::Set(kFloat, kAll[k]);
      out[0] = hn::MulAdd(coefficient, in[2 * k], out[0]);
      out[kLast] = hn::MulAdd(coefficient, in[2 * k + 1], out[kLast]);
    }
  }

  // out = G in: a filter's values at the points, divided by what the rows above are there.
  static HWY_INLINE void transform_filter(const Filter& in, Values& out) {
    out[0] = hn::Mul(hn::Set(kFloat, 1.0F / kAll[0]), in[0]);
    out[kLast] = in[2];
#pragma GCC unroll 3
    for (std::size_t p = 0; p < kPairs; ++p) {
      const float scale = 1.0F / (2.0F * kSquares[p] * value_at<kOut>(kOthers[p], kSquares[p]));
      const FloatVector even =
          hn::Mul(hn::Set(kFloat, scale), hn::MulAdd(hn::Set(kFloat, kSquares[p]), in[2], in[0]));
      const FloatVector odd = hn::Mul(hn::Set(kFloat, scale * kPositive[p]), in[1]);
      out[2 * p + 1] = hn::Add(even, odd);
      out[2 * p + 2] = hn::Sub(even, odd);
    }
  }

  // out = A^T in: powers of the points.
  static HWY_INLINE void transform_output(const Values& in, Outputs& out) {
    out[0] = in[0];
    out[kOut - 1] = in[kLast];
#pragma GCC unroll 3
    for (std::size_t p = 0; p < kPairs; ++p) {
      const FloatVector sum = hn::Add(in[2 * p + 1], in[2 * p + 2]);
      const FloatVector difference = hn::Sub(in[2 * p + 1], in[2 * p + 2]);
      out[0] = hn::Add(out[0], sum);
      float power = 1.0F;
#pragma GCC unroll 6
      for (std::size_t i = 1; i < kOut; ++i) {
        power = i % 2 == 0 ? power * kSquares[p] : power;
        const FloatVector factor = hn::Set(kFloat, i % 2 == 0 ? power : power * kPositive[p]);
        const FloatVector& some = i % 2 == 0 ? sum : difference;
        const bool first = p == 0 && i + 1 < kOut;
        out[i] = first ? hn::Mul(factor, some) : hn::MulAdd(factor, some, out[i]);
      }
    }
  }

 private:
  static constexpr std::size_t kPairs = kOut / 2, kLast = kInTile - 1;
  static constexpr const auto& kPositive = Points<kOut>::kPositive;
  static constexpr const auto& kSquares = Points<kOut>::kSquares;
  static constexpr Polynomial<kOut> kAll = product_without<kOut>(kPairs);
  static constexpr auto kOthers = products_without_each<kOut>();
};

// A 3x3 convolution of a picture upsampled to twice: even and odd outputs, of rows and of columns, are each a
// convolution of the small picture by two taps, sums of the three. F(4x4, 2x2) of the four, 100 products for
// 64 outputs; at the points of F(4x4, 3x3) without 0.
struct UpsampledWinograd {
  static constexpr std::size_t kOutTile = 8, kInTile = 6, kSide = 10;
  static constexpr std::size_t kPoints = kSide * kSide;
  static constexpr std::size_t kScale = 2;

  using Inputs = FloatVector[kInTile];
  using Values = FloatVector[kSide];  // of the even outputs, then of the odd ones
  using Outputs = FloatVector[kOutTile];
  using Filter = FloatVector[3];

  static HWY_INLINE void transform_input(const Inputs& in, Values& out) {
    transform_phase_input(in, out);
    transform_phase_input(in + 1, out + kPhase);
  }

  static HWY_INLINE void transform_filter(const Filter& in, Values& out) {
    transform_phase_filter(in[0], hn::Add(in[1], in[2]), out);
    transform_phase_filter(hn::Add(in[0], in[1]), in[2], out + kPhase);
  }

  static HWY_INLINE void transform_output(const Values& in, Outputs& out) {
    transform_phase_output(in, out);
    transform_phase_output(in + kPhase, out + 1);
  }

 private:
  static constexpr std::size_t kPhase = 5;  // points: two pairs and infinity
  static constexpr const auto& kPositive = Points<4>::kPositive;
  static constexpr const auto& kSquares = Points<4>::kSquares;

  static HWY_INLINE void transform_phase_input(const FloatVector* in, FloatVector* out) {
#pragma GCC unroll 2
    for (std::size_t p = 0; p < 2; ++p) {
      const FloatVector other = hn::Set(kFloat, -kSquares[1 - p]);
      const FloatVector odd = hn::MulAdd(other, in[1], in[3]);
      const FloatVector even = hn::Mul(hn::Set(kFloat, kPositive[p]), hn::MulAdd(other, in[0], in[2]));
      out[2 * p] = hn::Add(odd, even);
      out[2 * p + 1] = hn::Sub(odd, even);
    }
    out[4] = hn::MulAdd(hn::Set(kFloat, -(kSquares[0] + kSquares[1])), in[2], in[4]);
    out[4] = hn::MulAdd(hn::Set(kFloat, kSquares[0] * kSquares[1]), in[0], out[4]);
  }

  static HWY_INLINE void transform_phase_filter(FloatVector first, FloatVector second, FloatVector* out) {
#pragma GCC unroll 2
    for (std::size_t p = 0; p < 2; ++p) {
      const float scale = 0.5F / (kSquares[p] - kSquares[1 - p]);
      const FloatVector even = hn::Mul(hn::Set(kFloat, scale / kPositive[p]), first);
      const FloatVector odd = hn::Mul(hn::Set(kFloat, scale), second);
      out[2 * p] = hn::Add(odd, even);
      out[2 * p + 1] = hn::Sub(odd, even);
    }
    out[4] = second;
  }

  // To every other place of `out`.
  static HWY_INLINE void transform_phase_output(const FloatVector* in, FloatVector* out) {
    const FloatVector sum_0 = hn::Add(in[0], in[1]), difference_0 = hn::Sub(in[0], in[1]);
    const FloatVector sum_1 = hn::Add(in[2], in[3]), difference_1 = hn::Sub(in[2], in[3]);
    const auto joined = [](float factor_0, FloatVector value_0, float factor_1,
                           FloatVector value_1) HWY_ATTR {
      return hn::MulAdd(hn::Set(kFloat, factor_1), value_1, hn::Mul(hn::Set(kFloat, factor_0), value_0));
    };
    out[0] = hn::Add(sum_0, sum_1);
    out[2] = joined(kPositive[0], difference_0, kPositive[1], difference_1);
    out[4] = joined(kSquares[0], sum_0, kSquares[1], sum_1);
    const FloatVector cubes =
        joined(kPositive[0] * kSquares[0], difference_0, kPositive[1] * kSquares[1], difference_1);
    out[6] = hn::Add(cubes, in[4]);
  }
};

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
