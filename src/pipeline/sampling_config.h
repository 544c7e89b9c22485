#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "support/result.h"

namespace sdw::pipeline {

struct ModelComponents;

inline constexpr int kMaxSteps = 150;
inline constexpr double kMaxGuidanceScale = 30;
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

enum class Operation { image_generation, image_transform, image_inpaint };

// What the user asked for; absent fields take the model's defaults.
struct SamplingOptions {
  Operation operation = Operation::image_generation;
  std::optional<int> width, height;                    // pixels, multiples of 8, 64..2048
  std::optional<int> steps;                            // 1..150
  std::optional<double> guidance_scale;                // 0..30
  std::optional<double> strength;                      // 0..1
  std::string sampler;                                 // any known name; empty: the model's own
  std::string schedule;                                // any known name; empty: the model's own
  std::optional<int> clip_skip;                        // 1..12; 1 is the last layer
  std::optional<double> guidance_start, guidance_end;  // 0..1, as in Shortcuts
  std::optional<double> cross_attention_end;           // 0..1, as in Shortcuts
  std::optional<double> token_merging_ratio;           // 0..0.75, as in Shortcuts
  std::optional<int> deep_cache_interval;              // 1..10, as in Shortcuts
};

// Settings that have been checked against a model: what a generation runs with.
struct SamplingConfig {
  Operation operation = Operation::image_generation;
  int width = 0, height = 0;
  int steps = 0;
  double guidance_scale = 0;
  double strength = 1;
  std::string sampler;   // canonical id; empty: the model's own
  std::string schedule;  // canonical id; empty: the model's own
  int clip_skip = 0;     // layers left out before the one the model uses by itself
  Shortcuts shortcuts;

  bool operator==(const SamplingConfig&) const = default;
};

Shortcuts shortcuts_of(const SamplingOptions& options);

// Checks what can be checked without a model: ranges and names. Error: invalid_request with the field's name
// in `param`.
Status check_sampling_options(const SamplingOptions& options);

// Checks the size of an input image (0 x 0: none) where the output takes it. Error: invalid_request with the
// image's field in `param`.
Status check_input_size(const SamplingOptions& options, int input_width, int input_height);

// Checks every value before any work. `input_width`/`input_height`: the input picture's size, or 0 without
// one; a transform keeps it (rounded down to multiples of the VAE's scale) unless the options name another.
// Error: invalid_request with the field's name in `param`.
Result<SamplingConfig> make_sampling_config(const SamplingOptions& options, const ModelComponents& model,
                                            int input_width, int input_height);

}  // namespace sdw::pipeline
