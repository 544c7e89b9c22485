#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "request/operation.h"
#include "support/result.h"

namespace sdw::request {

inline constexpr int kMinSize = 64, kMaxSize = 2048, kSizeMultiple = 8;  // pixels
inline constexpr int kMaxSteps = 150;
inline constexpr double kMaxGuidanceScale = 30;
inline constexpr int kMaxClipSkip = 12;
inline constexpr int kMaxDeepCacheInterval = 10;
inline constexpr double kMaxTokenMergingRatio = 0.75;  // all tokens but one of every four

// What makes a picture sooner and another one. These are the defaults: nothing left out.
struct Shortcuts {
  // The part of the model's evaluations, as a share of them all, in which guidance runs; outside of it the
  // prompt alone is asked for, in half the time. An end before the start is none at all. Kynkaanniemi et al.
  // 2024, arXiv:2404.07724.
  double guidance_start = 0, guidance_end = 1;
  // Share of the evaluations after which the prompt is no longer looked at: cross-attentions give what they
  // gave in the last one before, in the mean of both passes, and guidance ends. Zhang et al. 2024,
  // arXiv:2404.02747 (T-GATE).
  double cross_attention_end = 1;
  // Self-attention over the most tokens has this share of them put together with others that are alike (ops/
  // token_merging.h). Bolya and Hoffman 2023, arXiv:2303.17604 (ToMe).
  double token_merging_ratio = 0;
  // Every so many evaluations the whole UNet runs, in between with the deep features of the last such
  // evaluation (models::unet_forward_shallow).
  int deep_cache_interval = 1;

  auto operator<=>(const Shortcuts&) const = default;
};

// What the user asked for; absent fields take the model's defaults. Names, ranges and help are in
// sampling_fields.cpp.
struct SamplingOptions {
  Operation operation = Operation::image_generation;
  std::optional<int> width, height;
  std::optional<int> steps;
  std::optional<double> guidance_scale;
  std::optional<double> strength;
  std::string sampler;   // any known name; empty: the model's own
  std::string schedule;  // any known name; empty: the model's own
  std::optional<int> clip_skip;
  std::optional<double> guidance_start, guidance_end;
  std::optional<double> cross_attention_end;
  std::optional<double> token_merging_ratio;
  std::optional<int> deep_cache_interval;
};

Shortcuts shortcuts_of(const SamplingOptions& options);

// The strength of an operation with an input picture where the request names none.
double default_strength(Operation operation);

// Checks what can be checked without a model: ranges and names. Error: invalid_request with the field's name
// in `param`.
Status check_sampling_options(const SamplingOptions& options);

// Checks the size of an input image (0 x 0: none) where the output takes it. Error: invalid_request with the
// image's field in `param`.
Status check_input_size(const SamplingOptions& options, int input_width, int input_height);

// One dimension of a picture of a model whose sizes are multiples of `multiple`; the same errors.
Status check_size(std::string_view field, int pixels, int multiple);

// clip_skip for a text encoder of so many layers; the same errors.
Status check_clip_skip(int clip_skip, int layers);

}  // namespace sdw::request
