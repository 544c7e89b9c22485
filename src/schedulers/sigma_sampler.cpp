#include "schedulers/sigma_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linspace.h>
#include <utility>

namespace sdw::schedulers {

namespace {

// interpolation_type "log_linear": one more than there are steps, as in the reference.
std::vector<double> log_linear_sigmas(std::span<const float> log_sigmas, std::int64_t steps) {
  const at::Tensor sigmas = at::linspace(log_sigmas.back(), log_sigmas.front(), steps + 1, at::kFloat).exp();
  const auto* data = sigmas.const_data_ptr<float>();
  return {data, data + sigmas.numel()};
}

}  // namespace

SigmaSampler::SigmaSampler(std::vector<double> timesteps, at::Tensor sigmas, double init_noise_sigma,
                           const StepRange& range, int order, Prediction prediction)
    : Trajectory(std::move(timesteps), range, order, init_noise_sigma),
      sigmas_(std::move(sigmas)),
      prediction_(prediction) {}

at::Tensor SigmaSampler::add_noise(const at::Tensor& original, const at::Tensor& noise,
                                   std::size_t index) const {
  return original + noise * sigma(begin() + static_cast<std::int64_t>(index));
}

at::Tensor SigmaSampler::scaled(const at::Tensor& sample, const at::Tensor& sigma) {
  return sample / (sigma.pow(2) + 1).sqrt();
}

SigmaSchedule read_sigma_schedule(Fields& fields, const SigmaScheduleTraits& traits, std::int64_t steps) {
  SigmaSchedule schedule;
  const auto noise_schedule = read_noise_schedule(fields, traits.betas);
  schedule.spacing = read_spacing(fields, "linspace", noise_schedule.num_train_timesteps);
  const bool log_linear =
      traits.knows_interpolation &&
      fields.choice("interpolation_type", "linear", {"linear", "log_linear"}) == "log_linear";
  SigmaSpread spread = traits.knows_spreads ? read_sigma_spread(fields) : SigmaSpread{};
  if (traits.ignores_sigma_range && spread.karras) spread.sigma_min = spread.sigma_max = std::nullopt;
  if (!fields.status()) return schedule;

  schedule.training_sigmas = training_sigmas(noise_schedule.alphas_cumprod);
  schedule.log_training_sigmas = log_of(schedule.training_sigmas);
  schedule.timesteps = continuous_timesteps(schedule.spacing, steps);
  schedule.sigmas = log_linear ? log_linear_sigmas(schedule.log_training_sigmas, steps)
                               : interpolate_sigmas(schedule.timesteps, schedule.training_sigmas);
  if (!spread) return schedule;

  schedule.sigmas = spread.apply(fields, schedule.sigmas.front(), schedule.sigmas.back(), steps);
  schedule.timesteps.clear();
  for (const double sigma : schedule.sigmas) {
    const double t = sigma_to_timestep(sigma, schedule.log_training_sigmas);
    schedule.timesteps.push_back(traits.rounds_karras && spread.karras ? std::nearbyint(t) : t);
  }
  return schedule;
}

double initial_sigma(const at::Tensor& sigmas, const Spacing& spacing) {
  const at::Tensor highest = sigmas.max();
  if (spacing.kind == "leading") return (highest.pow(2) + 1).sqrt().item<float>();
  return highest.item<float>();
}

}  // namespace sdw::schedulers
