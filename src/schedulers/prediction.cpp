#include "schedulers/prediction.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/quantile.h>
#include <string>

namespace sdw::schedulers {

Prediction read_prediction(Fields& fields, bool sample_allowed) {
  const auto name = sample_allowed
                        ? fields.choice("prediction_type", "epsilon", {"epsilon", "sample", "v_prediction"})
                        : fields.choice("prediction_type", "epsilon", {"epsilon", "v_prediction"});
  if (name == "sample") return Prediction::sample;
  return name == "v_prediction" ? Prediction::v_prediction : Prediction::epsilon;
}

SampleLimits read_thresholding(Fields& fields) {
  SampleLimits limits;
  limits.thresholding = fields.flag("thresholding", false);
  limits.dynamic_thresholding_ratio = fields.number("dynamic_thresholding_ratio", 0.995, 0, 1);
  limits.sample_max_value = fields.number("sample_max_value", 1.0, 1e-6, 1e6);
  return limits;
}

SampleLimits read_thresholding_and_clip(Fields& fields, bool clip_default) {
  SampleLimits limits = read_thresholding(fields);
  const double range = fields.number("clip_sample_range", 1.0, 1e-6, 1e6);
  if (fields.flag("clip_sample", clip_default)) limits.clip_range = range;
  return limits;
}

at::Tensor SampleLimits::apply(const at::Tensor& sample) const {
  if (thresholding) {
    const at::Tensor flat = sample.reshape({sample.size(0), -1});
    at::Tensor s = at::quantile(flat.abs(), dynamic_thresholding_ratio, /*dim=*/1);
    s = at::clamp(s, 1, sample_max_value).unsqueeze(1);
    return (at::clamp(flat, -s, s) / s).reshape(sample.sizes());
  }
  return clip_range ? at::clamp(sample, -*clip_range, *clip_range) : sample;
}

at::Tensor predicted_original(Prediction prediction, const at::Tensor& model_output, const at::Tensor& sample,
                              const at::Tensor& alpha_prod) {
  const at::Tensor beta_prod = 1 - alpha_prod;
  switch (prediction) {
    case Prediction::epsilon:
      return (sample - beta_prod.sqrt() * model_output) / alpha_prod.sqrt();
    case Prediction::v_prediction:
      return alpha_prod.sqrt() * sample - beta_prod.sqrt() * model_output;
    case Prediction::sample:
      break;
  }
  return model_output;
}

at::Tensor denoised(Prediction prediction, const at::Tensor& model_output, const at::Tensor& sample,
                    const at::Tensor& sigma) {
  switch (prediction) {
    case Prediction::epsilon:
      return sample - sigma * model_output;
    case Prediction::v_prediction:
      return model_output * (-sigma / (sigma.pow(2) + 1).sqrt()) + sample / (sigma.pow(2) + 1);
    case Prediction::sample:
      break;
  }
  return model_output;
}

}  // namespace sdw::schedulers
