// Denoising Diffusion Probabilistic Models, arXiv 2006.11239.
#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/scalar_tensor.h>
#include <algorithm>
#include <string>
#include <utility>

#include "schedulers/alpha_sampler.h"
#include "schedulers/noise.h"
#include "schedulers/prediction.h"
#include "schedulers/samplers.h"
#include "schedulers/timesteps.h"

namespace sdw::schedulers {

namespace {

struct DdpmOptions {
  Prediction prediction;
  SampleLimits limits;
  std::string variance_type;
};

class Ddpm final : public AlphaSampler {
 public:
  Ddpm(std::vector<double> timesteps, const StepRange& range, NoiseSchedule noise_schedule,
       DdpmOptions options)
      : AlphaSampler(timesteps, range, std::move(noise_schedule), at::scalar_tensor(1.0, at::kFloat)),
        all_timesteps_(std::move(timesteps)),
        options_(std::move(options)) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  std::int64_t previous_timestep(double t) const;
  at::Tensor standard_deviation(const at::Tensor& alpha_prod_t, const at::Tensor& alpha_prod_t_prev) const;

  std::vector<double> all_timesteps_;
  DdpmOptions options_;
};

// The one after the first that equals t, should t be there twice.
std::int64_t Ddpm::previous_timestep(double t) const {
  const auto it = std::find(all_timesteps_.begin(), all_timesteps_.end(), t) + 1;
  return it == all_timesteps_.end() ? -1 : static_cast<std::int64_t>(*it);
}

at::Tensor Ddpm::standard_deviation(const at::Tensor& alpha_prod_t,
                                    const at::Tensor& alpha_prod_t_prev) const {
  const at::Tensor current_beta_t = 1 - alpha_prod_t / alpha_prod_t_prev;
  const at::Tensor variance =
      at::clamp((1 - alpha_prod_t_prev) / (1 - alpha_prod_t) * current_beta_t, /*min=*/1e-20);
  if (options_.variance_type == "fixed_small_log") return (0.5 * variance.log()).exp();
  if (options_.variance_type == "fixed_large") return current_beta_t.sqrt();
  return variance.sqrt();
}

void Ddpm::advance(const at::Tensor& model_output, at::Generator& generator) {
  const auto t = whole_timestep();
  const at::Tensor alpha_prod_t = alpha_prod(t);
  const at::Tensor alpha_prod_t_prev = alpha_prod_before(previous_timestep(timestep()));
  const at::Tensor beta_prod_t = 1 - alpha_prod_t;
  const at::Tensor beta_prod_t_prev = 1 - alpha_prod_t_prev;
  const at::Tensor current_alpha_t = alpha_prod_t / alpha_prod_t_prev;
  const at::Tensor current_beta_t = 1 - current_alpha_t;

  const at::Tensor original =
      options_.limits.apply(predicted_original(options_.prediction, model_output, latents_, alpha_prod_t));
  const at::Tensor original_coeff = alpha_prod_t_prev.sqrt() * current_beta_t / beta_prod_t;
  const at::Tensor sample_coeff = current_alpha_t.sqrt() * beta_prod_t_prev / beta_prod_t;
  at::Tensor previous = original_coeff * original + sample_coeff * latents_;
  if (t > 0) {
    previous =
        previous + standard_deviation(alpha_prod_t, alpha_prod_t_prev) * draw_noise(model_output, generator);
  }
  advance_to(previous);
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_ddpm(Fields& fields, const StepRange& range) {
  auto noise_schedule = read_noise_schedule(fields, {.more_schedules = {"laplace", "sigmoid"}});
  const auto spacing = read_spacing(fields, "leading", noise_schedule.num_train_timesteps);
  DdpmOptions options{
      read_prediction(fields), read_thresholding_and_clip(fields, /*clip_default=*/true),
      fields.choice("variance_type", "fixed_small", {"fixed_small", "fixed_small_log", "fixed_large"})};
  if (auto status = fields.status(); !status) return status.error();
  auto timesteps = discrete_timesteps(spacing, range.total);
  check_timesteps(fields, timesteps, spacing.num_train_timesteps);
  if (auto status = fields.status(); !status) return status.error();
  return std::unique_ptr<Sampler>(
      std::make_unique<Ddpm>(std::move(timesteps), range, std::move(noise_schedule), std::move(options)));
}

}  // namespace sdw::schedulers
