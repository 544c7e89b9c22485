#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <string_view>

#include "schedulers/fields.h"

namespace sdw::schedulers {

// What the model's output stands for: the noise, the clean sample, or the velocity (arXiv 2202.00512).
enum class Prediction { epsilon, sample, v_prediction };

// `sample_allowed`: the reference's class has code for prediction_type "sample".
Prediction read_prediction(Fields& fields, bool sample_allowed = true);

// What is done to a predicted clean sample before it is used: dynamic thresholding (arXiv 2205.11487) or
// clipping.
struct SampleLimits {
  bool thresholding = false;
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1.0;
  std::optional<double> clip_range;  // clip to [-range, range]

  at::Tensor apply(const at::Tensor& sample) const;
};

SampleLimits read_thresholding(Fields& fields);
SampleLimits read_thresholding_and_clip(Fields& fields, bool clip_default);

// The clean sample, at the share of signal `alpha_prod` = alphas_cumprod[t] (0-d float32).
at::Tensor predicted_original(Prediction prediction, const at::Tensor& model_output, const at::Tensor& sample,
                              const at::Tensor& alpha_prod);

// The clean sample where `sample` = clean + sigma * noise (`sigma` 0-d float32).
at::Tensor denoised(Prediction prediction, const at::Tensor& model_output, const at::Tensor& sample,
                    const at::Tensor& sigma);

}  // namespace sdw::schedulers
