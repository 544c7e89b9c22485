#include "schedulers/two_stage_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <utility>

#include "schedulers/noise.h"

namespace sdw::schedulers {

namespace {

// A sigma for each evaluation: the one its step starts at, or at a midpoint the one the step goes to.
at::Tensor sigma_of_evaluations(const at::Tensor& sigmas) {
  return at::cat({sigmas.slice(0, 0, 1), sigmas.slice(0, 1).repeat_interleave(2)});
}

}  // namespace

TwoStageSampler::TwoStageSampler(std::vector<double> timesteps, const at::Tensor& sigmas,
                                 TwoStageSigmas steps, double init_noise_sigma, const StepRange& range,
                                 Prediction prediction)
    : SigmaSampler(std::move(timesteps), sigma_of_evaluations(sigmas), init_noise_sigma, range, /*order=*/2,
                   prediction),
      steps_of_(std::move(steps)) {}

Evaluation TwoStageSampler::next() const {
  return {scaled(latents_, at_midpoint() ? steps_of_.midpoints[step()] : sigma(index())), timestep()};
}

void TwoStageSampler::advance(const at::Tensor& model_output, at::Generator& generator) {
  const at::Tensor start = sigma(2 * step());
  const at::Tensor midpoint = steps_of_.midpoints[step()];
  const at::Tensor here = at_midpoint() ? midpoint : start;
  const at::Tensor derivative = (latents_ - denoised(prediction(), model_output, latents_, here)) / here;
  if (!at_midpoint()) {
    start_sample_ = latents_;
    advance_to(latents_ + derivative * (midpoint - start));
    return;
  }
  at::Tensor previous =
      std::exchange(start_sample_, at::Tensor()) + derivative * (steps_of_.targets[step()] - start);
  if (steps_of_.noise.defined()) {
    previous = previous + draw_noise(model_output, generator) * steps_of_.noise[step()];
  }
  advance_to(previous);
}

SigmaSchedule read_two_stage_schedule(Fields& fields, std::int64_t steps) {
  return read_sigma_schedule(
      fields, {.betas = {.start = 0.00085, .end = 0.012, .knows_zero_snr = false}, .rounds_karras = true},
      steps);
}

std::unique_ptr<Sampler> make_two_stage(const SigmaSchedule& schedule, const at::Tensor& sigmas,
                                        TwoStageSigmas steps, const StepRange& range, Prediction prediction) {
  std::vector<double> timesteps = {schedule.timesteps.front()};
  for (std::size_t i = 1; i < schedule.timesteps.size(); ++i) {
    const float midpoint = steps.midpoints[static_cast<std::int64_t>(i) - 1].item<float>();
    timesteps.push_back(sigma_to_timestep(midpoint, schedule.log_training_sigmas));
    timesteps.push_back(schedule.timesteps[i]);
  }
  return std::make_unique<TwoStageSampler>(std::move(timesteps), sigmas, std::move(steps),
                                           initial_sigma(sigmas, schedule.spacing), range, prediction);
}

}  // namespace sdw::schedulers
