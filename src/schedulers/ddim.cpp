// Denoising Diffusion Implicit Models, arXiv 2010.02502, formula 12 with eta = 0.
#include <ATen/TensorOperators.h>
#include <utility>

#include "schedulers/alpha_sampler.h"
#include "schedulers/prediction.h"
#include "schedulers/samplers.h"
#include "schedulers/timesteps.h"

namespace sdw::schedulers {

namespace {

class Ddim final : public AlphaSampler {
 public:
  Ddim(std::vector<double> timesteps, const StepRange& range, NoiseSchedule noise_schedule,
       at::Tensor final_alpha, Prediction prediction, const SampleLimits& limits)
      : AlphaSampler(std::move(timesteps), range, std::move(noise_schedule), std::move(final_alpha)),
        stride_(num_train_timesteps() / range.total),
        prediction_(prediction),
        limits_(limits) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  std::int64_t stride_;
  Prediction prediction_;
  SampleLimits limits_;
};

void Ddim::advance(const at::Tensor& model_output, at::Generator& /*generator*/) {
  const auto t = whole_timestep();
  const at::Tensor& sample = latents_;
  const at::Tensor alpha_prod_t = alpha_prod(t);
  const at::Tensor alpha_prod_t_prev = alpha_prod_before(t - stride_);
  const at::Tensor beta_prod_t = 1 - alpha_prod_t;

  const at::Tensor original = predicted_original(prediction_, model_output, sample, alpha_prod_t);
  at::Tensor epsilon = model_output;
  if (prediction_ == Prediction::sample) {
    epsilon = (sample - alpha_prod_t.sqrt() * original) / beta_prod_t.sqrt();
  } else if (prediction_ == Prediction::v_prediction) {
    epsilon = alpha_prod_t.sqrt() * model_output + beta_prod_t.sqrt() * sample;
  }
  const at::Tensor direction = (1 - alpha_prod_t_prev).sqrt() * epsilon;
  advance_to(alpha_prod_t_prev.sqrt() * limits_.apply(original) + direction);
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_ddim(Fields& fields, const StepRange& range) {
  auto noise_schedule = read_noise_schedule(fields, {});
  const auto spacing = read_spacing(fields, "leading", noise_schedule.num_train_timesteps);
  const auto prediction = read_prediction(fields);
  const auto limits = read_thresholding_and_clip(fields, /*clip_default=*/true);
  auto final_alpha = read_final_alpha(fields, noise_schedule, /*one_by_default=*/true);
  if (auto status = fields.status(); !status) return status.error();
  auto timesteps = discrete_timesteps(spacing, range.total);
  check_timesteps(fields, timesteps, spacing.num_train_timesteps);
  if (auto status = fields.status(); !status) return status.error();
  return std::unique_ptr<Sampler>(std::make_unique<Ddim>(
      std::move(timesteps), range, std::move(noise_schedule), std::move(final_alpha), prediction, limits));
}

}  // namespace sdw::schedulers
