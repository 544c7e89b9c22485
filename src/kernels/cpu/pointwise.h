#pragma once

#include <cstddef>

namespace sdw::kernels::cpu {

// A group norm of channels-last pictures in two phases, with a shift before and SiLU after where asked for.
// Every part of phase one (which reads the input once), then `group_norm_finish`, then every part of phase
// two.
struct GroupNorm {
  const float* input = nullptr;   // [batch, pixels, channels]
  const float* shift = nullptr;   // [batch, channels], added to every pixel, or null
  const float* weight = nullptr;  // [channels]
  const float* bias = nullptr;    // [channels]
  float* output = nullptr;        // [batch, pixels, channels]
  std::size_t batch = 0, pixels = 0, channels = 0, groups = 0;
  double eps = 0;
  bool silu = false;
};

struct GroupNormPlan {
  std::size_t parts = 0;           // of either phase
  std::size_t part_pixels = 0;     // of one picture
  std::size_t scratch_floats = 0;  // shared by all threads
};

struct GroupNormPart {
  std::size_t image, first, count;  // pixels
};

// The same on every machine.
GroupNormPlan plan_group_norm(const GroupNorm& norm);
// Precondition: part < plan.parts.
GroupNormPart part_of(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part);
void group_norm_statistics_part(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part,
                                float* scratch);
void group_norm_finish(const GroupNorm& norm, const GroupNormPlan& plan, float* scratch);
void group_norm_apply_part(const GroupNorm& norm, const GroupNormPlan& plan, std::size_t part,
                           const float* scratch);

// Mean 0 and variance 1 over each of `rows` rows of `width` floats, times `weight` plus `bias`, both [width].
void layer_norm(const float* input, std::size_t rows, std::size_t width, const float* weight,
                const float* bias, double eps, float* output);

}  // namespace sdw::kernels::cpu
