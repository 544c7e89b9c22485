// Euler's method, algorithm 2 of arXiv 2206.00364 without churn.
#include <ATen/TensorOperators.h>
#include <utility>

#include "schedulers/samplers.h"
#include "schedulers/sigma_sampler.h"

namespace sdw::schedulers {

namespace {

class Euler final : public SigmaSampler {
 public:
  Euler(std::vector<double> timesteps, const at::Tensor& sigmas, double init_noise_sigma,
        const StepRange& range, Prediction prediction)
      : SigmaSampler(std::move(timesteps), sigmas, init_noise_sigma, range, /*order=*/1, prediction) {}

  void advance(const at::Tensor& model_output, at::Generator& /*generator*/) override {
    const at::Tensor sigma_hat = sigma(index());
    const at::Tensor original = denoised(prediction(), model_output, latents_, sigma_hat);
    const at::Tensor derivative = (latents_ - original) / sigma_hat;
    advance_to(latents_ + derivative * (sigma(index() + 1) - sigma_hat));
  }
};

}  // namespace

Result<std::unique_ptr<Sampler>> make_euler(Fields& fields, const StepRange& range) {
  auto schedule = read_sigma_schedule(
      fields, {.betas = {.finite_last_sigma = true}, .knows_interpolation = true}, range.total);
  const auto prediction = read_prediction(fields);
  const bool continuous =
      fields.choice("timestep_type", "discrete", {"discrete", "continuous"}) == "continuous";
  const auto final_sigma = fields.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
  if (auto status = fields.status(); !status) return status.error();

  schedule.sigmas.push_back(final_sigma == "zero" ? 0 : schedule.training_sigmas.front());
  const at::Tensor sigmas = to_tensor(schedule.sigmas);
  if (continuous && prediction == Prediction::v_prediction) {
    const at::Tensor timesteps = 0.25 * sigmas.slice(0, 0, -1).log();
    const auto* data = timesteps.const_data_ptr<float>();
    schedule.timesteps.assign(data, data + timesteps.numel());
  }
  for (double& t : schedule.timesteps) t = static_cast<float>(t);
  const double init_noise_sigma = initial_sigma(sigmas, schedule.spacing);
  return std::unique_ptr<Sampler>(
      std::make_unique<Euler>(std::move(schedule.timesteps), sigmas, init_noise_sigma, range, prediction));
}

}  // namespace sdw::schedulers
