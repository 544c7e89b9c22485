#include "kernels/cpu/pointwise.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/pointwise.cpp"
#include <hwy/foreach_target.h>  // compiles this file once for each instruction set
#include <hwy/highway.h>

#include "kernels/cpu/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sdw::kernels::cpu::HWY_NAMESPACE {

// Sums of the differences to the first of some pixels and of their squares, for kVectors vectors of channels.
// `count` is of the last vector: only a single one may be cut.
template <std::size_t kVectors>
HWY_INLINE void sum_differences(const float* input, std::size_t pixels, std::size_t channels,
                                std::size_t count, float* sums) {
  FloatVector origin[kVectors], sum[kVectors], squares[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) {
    origin[v] = load_some(input + v * kLanes, count);
    sum[v] = squares[v] = hn::Zero(kFloat);
  }
  for (std::size_t pixel = 1; pixel < pixels; ++pixel) {
    const float* const from = input + pixel * channels;
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      const FloatVector difference = hn::Sub(load_some(from + v * kLanes, count), origin[v]);
      sum[v] = hn::Add(sum[v], difference);
      squares[v] = hn::MulAdd(difference, difference, squares[v]);
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) {
    store_some(sum[v], sums + v * kLanes, count);
    store_some(squares[v], sums + channels + v * kLanes, count);
  }
}

// Differences, so that nothing cancels however far the values lie from zero.
void StatisticsPart(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part, float* scratch) {
  constexpr std::size_t kVectors = 4;
  const GroupNormPart range = part_of(norm, plan, part);
  const float* const input = norm.input + (range.image * norm.pixels + range.first) * norm.channels;
  float* const sums = scratch + part * 2 * norm.channels;
  std::size_t channel = 0;
  for (; channel + kVectors * kLanes <= norm.channels; channel += kVectors * kLanes) {
    sum_differences<kVectors>(input + channel, range.count, norm.channels, kLanes, sums + channel);
  }
  for (; channel < norm.channels; channel += kLanes) {
    sum_differences<1>(input + channel, range.count, norm.channels, std::min(kLanes, norm.channels - channel),
                       sums + channel);
  }
}

void ApplyPart(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part, const float* scratch) {
  const GroupNormPart range = part_of(norm, plan, part);
  const std::size_t begin = (range.image * norm.pixels + range.first) * norm.channels;
  const float* const factors = scratch + (plan.parts + range.image) * 2 * norm.channels;
  for (std::size_t pixel = 0; pixel < range.count; ++pixel) {
    const float* const from = norm.input + begin + pixel * norm.channels;
    float* const to = norm.output + begin + pixel * norm.channels;
    for (std::size_t channel = 0; channel < norm.channels; channel += kLanes) {
      const std::size_t count = std::min(kLanes, norm.channels - channel);
      FloatVector value = hn::MulAdd(load_some(from + channel, count), load_some(factors + channel, count),
                                     load_some(factors + norm.channels + channel, count));
      if (norm.silu) value = silu(value);
      store_some(value, to + channel, count);
    }
  }
}

// The sum of `get(i, count)` over all vectors of a row; lanes beyond `count` are to be zero.
template <class Get>
HWY_INLINE float sum_of_row(std::size_t width, const Get& get) {
  FloatVector sum = hn::Zero(kFloat);
  for (std::size_t i = 0; i < width; i += kLanes) sum = hn::Add(sum, get(i, std::min(kLanes, width - i)));
  return hn::GetLane(hn::SumOfLanes(kFloat, sum));
}

void LayerNorm(const float* input, std::size_t rows, std::size_t width, const float* weight,
               const float* bias, double eps, float* output) {
  const auto inverse = 1.0F / static_cast<float>(width);
  for (std::size_t row = 0; row < rows; ++row, input += width, output += width) {
    const auto load = [&](std::size_t i, std::size_t count) HWY_ATTR { return load_some(input + i, count); };
    const FloatVector mean = hn::Set(kFloat, sum_of_row(width, load) * inverse);
    const auto square = [&](std::size_t i, std::size_t count) HWY_ATTR {
      const FloatVector centred = hn::Sub(load_some(input + i, count), mean);
      return hn::IfThenElseZero(hn::FirstN(kFloat, count), hn::Mul(centred, centred));
    };
    const double variance = sum_of_row(width, square) * inverse;
    const FloatVector scale = hn::Set(kFloat, static_cast<float>(1.0 / std::sqrt(variance + eps)));
    for (std::size_t i = 0; i < width; i += kLanes) {
      const std::size_t count = std::min(kLanes, width - i);
      const FloatVector value = hn::Mul(hn::Sub(load_some(input + i, count), mean), scale);
      store_some(hn::MulAdd(value, load_some(weight + i, count), load_some(bias + i, count)), output + i,
                 count);
    }
  }
}

}  // namespace sdw::kernels::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sdw::kernels::cpu {

HWY_EXPORT(StatisticsPart);
HWY_EXPORT(ApplyPart);
HWY_EXPORT(LayerNorm);

namespace {

// Mean and sum of squared deviations of some values, joined by the formula of Chan, Golub and LeVeque (1983).
struct Moments {
  double count = 0, mean = 0, squares = 0;
  void add(const Moments& other) {
    if (other.count == 0) return;
    const double all = count + other.count, difference = other.mean - mean;
    squares += other.squares + difference * difference * count * other.count / all;
    mean += difference * other.count / all;
    count = all;
  }
};

Moments moments_of(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t image, std::size_t channel,
                   const float* scratch) {
  Moments all;
  const std::size_t per_image = plan.parts / norm.batch;
  for (std::size_t i = 0; i < per_image; ++i) {
    const float* const sums = scratch + (image * per_image + i) * 2 * norm.channels;
    const std::size_t first = i * plan.part_pixels;
    const auto count = static_cast<double>(std::min(plan.part_pixels, norm.pixels - first));
    const double origin = norm.input[(image * norm.pixels + first) * norm.channels + channel];
    const double sum = sums[channel];
    all.add({count, origin + sum / count, sums[norm.channels + channel] - sum * sum / count});
  }
  return all;
}

}  // namespace

GroupNormPlan plan_group_norm(const GroupNorm& norm) {
  constexpr std::size_t kPartFloats = std::size_t{1} << 16;
  GroupNormPlan plan;
  plan.part_pixels = std::max<std::size_t>(kPartFloats / std::max<std::size_t>(norm.channels, 1), 16);
  plan.part_pixels = std::min(plan.part_pixels, std::max<std::size_t>(norm.pixels, 1));
  plan.parts = norm.batch * ((norm.pixels + plan.part_pixels - 1) / plan.part_pixels);
  plan.scratch_floats = (plan.parts + norm.batch) * 2 * norm.channels;
  return plan;
}

GroupNormPart part_of(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part) {
  const std::size_t per_image = plan.parts / norm.batch;
  const std::size_t first = part % per_image * plan.part_pixels;
  return {part / per_image, first, std::min(plan.part_pixels, norm.pixels - first)};
}

void group_norm_statistics_part(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part,
                                float* scratch) {
  HWY_DYNAMIC_DISPATCH(StatisticsPart)(norm, plan, part, scratch);
}

// Turns the sums into one factor and one summand per picture and channel, behind the sums.
void group_norm_finish(const GroupNorm& norm, const GroupNormPlan& plan, float* scratch) {
  const std::size_t group_channels = norm.channels / norm.groups;
  for (std::size_t image = 0; image < norm.batch; ++image) {
    float* const factors = scratch + (plan.parts + image) * 2 * norm.channels;
    const auto shift = [&](std::size_t channel) {
      return norm.shift != nullptr ? norm.shift[image * norm.channels + channel] : 0.0;
    };
    for (std::size_t first = 0; first < norm.channels; first += group_channels) {
      Moments group;
      for (std::size_t channel = first; channel < first + group_channels; ++channel) {
        Moments one = moments_of(norm, plan, image, channel, scratch);
        one.mean += shift(channel);
        group.add(one);
      }
      const double scale = 1.0 / std::sqrt(group.squares / group.count + norm.eps);
      for (std::size_t channel = first; channel < first + group_channels; ++channel) {
        const double factor = scale * norm.weight[channel];
        factors[channel] = static_cast<float>(factor);
        factors[norm.channels + channel] =
            static_cast<float>(norm.bias[channel] + (shift(channel) - group.mean) * factor);
      }
    }
  }
}

void group_norm_apply_part(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part,
                           const float* scratch) {
  HWY_DYNAMIC_DISPATCH(ApplyPart)(norm, plan, part, scratch);
}

void layer_norm(const float* input, std::size_t rows, std::size_t width, const float* weight,
                const float* bias, double eps, float* output) {
  HWY_DYNAMIC_DISPATCH(LayerNorm)(input, rows, width, weight, bias, eps, output);
}

}  // namespace sdw::kernels::cpu
#endif
