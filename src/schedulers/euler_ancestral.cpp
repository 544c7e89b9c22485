// Euler's method with ancestral noise: after each step down to sigma_down, noise of sigma_up is added
// (k-diffusion's sample_euler_ancestral).
#include <ATen/TensorOperators.h>
#include <utility>

#include "schedulers/noise.h"
#include "schedulers/samplers.h"
#include "schedulers/sigma_sampler.h"

namespace sdw::schedulers {

namespace {

class EulerAncestral final : public SigmaSampler {
 public:
  EulerAncestral(std::vector<double> timesteps, const at::Tensor& sigmas, double init_noise_sigma,
                 const StepRange& range, Prediction prediction)
      : SigmaSampler(std::move(timesteps), sigmas, init_noise_sigma, range, /*order=*/1, prediction) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override {
    const at::Tensor from = sigma(index());
    const at::Tensor to = sigma(index() + 1);
    const at::Tensor original = denoised(prediction(), model_output, latents_, from);
    const at::Tensor up = (to.pow(2) * (from.pow(2) - to.pow(2)) / from.pow(2)).sqrt();
    const at::Tensor down = (to.pow(2) - up.pow(2)).sqrt();
    const at::Tensor derivative = (latents_ - original) / from;
    const at::Tensor previous = latents_ + derivative * (down - from);
    advance_to(previous + draw_noise(model_output, generator) * up);
  }
};

}  // namespace

Result<std::unique_ptr<Sampler>> make_euler_ancestral(Fields& fields, const StepRange& range) {
  auto schedule = read_sigma_schedule(fields, {.betas = {.finite_last_sigma = true}, .knows_spreads = false},
                                      range.total);
  const auto prediction = read_prediction(fields, /*sample_allowed=*/false);
  if (auto status = fields.status(); !status) return status.error();
  schedule.sigmas.push_back(0);
  const at::Tensor sigmas = to_tensor(schedule.sigmas);
  const double init_noise_sigma = initial_sigma(sigmas, schedule.spacing);
  return std::unique_ptr<Sampler>(std::make_unique<EulerAncestral>(std::move(schedule.timesteps), sigmas,
                                                                   init_noise_sigma, range, prediction));
}

}  // namespace sdw::schedulers
