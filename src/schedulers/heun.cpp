// Heun's method, algorithm 1 of arXiv 2206.00364: an Euler step, then the mean of the slopes at both its
// ends. The last step, down to sigma 0, is Euler's alone.
#include <ATen/TensorOperators.h>
#include <utility>

#include "schedulers/samplers.h"
#include "schedulers/sigma_sampler.h"

namespace sdw::schedulers {

namespace {

// Evaluations come in pairs: at the start of a step and at its end, which is the start of the next.
class Heun final : public SigmaSampler {
 public:
  Heun(std::vector<double> timesteps, at::Tensor sigmas, double init_noise_sigma, const StepRange& range,
       Prediction prediction, const SampleLimits& limits)
      : SigmaSampler(std::move(timesteps), std::move(sigmas), init_noise_sigma, range, /*order=*/2,
                     prediction),
        limits_(limits) {}

  void advance(const at::Tensor& model_output, at::Generator& /*generator*/) override {
    const at::Tensor here = sigma(index());
    const at::Tensor original = limits_.apply(denoised(prediction(), model_output, latents_, here));
    const at::Tensor derivative = (latents_ - original) / here;
    if (!start_sample_.defined()) {
      start_sample_ = latents_;
      start_derivative_ = derivative;
      dt_ = sigma(index() + 1) - here;
      advance_to(latents_ + derivative * dt_);
    } else {
      const at::Tensor mean = (start_derivative_ + derivative) / 2;
      advance_to(std::exchange(start_sample_, at::Tensor()) + mean * dt_);
    }
  }

 private:
  void reset() override { start_sample_ = at::Tensor(); }

  SampleLimits limits_;
  at::Tensor start_sample_;  // undefined between two steps
  at::Tensor start_derivative_;
  at::Tensor dt_;
};

// All but the first twice.
std::vector<double> in_pairs(const std::vector<double>& values) {
  std::vector<double> pairs(values.begin(), values.begin() + 1);
  for (auto it = values.begin() + 1; it != values.end(); ++it) pairs.insert(pairs.end(), 2, *it);
  return pairs;
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_heun(Fields& fields, const StepRange& range) {
  auto schedule = read_sigma_schedule(
      fields, {.betas = {.start = 0.00085, .end = 0.012, .more_schedules = {"exp"}, .knows_zero_snr = false}},
      range.total);
  const auto prediction = read_prediction(fields);
  SampleLimits limits;
  const double clip_range = fields.number("clip_sample_range", 1.0, 1e-6, 1e6);
  if (fields.flag("clip_sample", false)) limits.clip_range = clip_range;
  if (auto status = fields.status(); !status) return status.error();

  auto timesteps = in_pairs(schedule.timesteps);
  for (double& t : timesteps) t = static_cast<float>(t);
  auto sigmas_in_pairs = in_pairs(schedule.sigmas);
  sigmas_in_pairs.push_back(0);
  const at::Tensor sigmas = to_tensor(sigmas_in_pairs);
  const double init_noise_sigma = initial_sigma(sigmas, schedule.spacing);
  return std::unique_ptr<Sampler>(
      std::make_unique<Heun>(std::move(timesteps), sigmas, init_noise_sigma, range, prediction, limits));
}

}  // namespace sdw::schedulers
