#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schedulers/betas.h"
#include "schedulers/prediction.h"
#include "schedulers/sigmas.h"
#include "schedulers/timesteps.h"
#include "schedulers/trajectory.h"

namespace sdw::schedulers {

// Samplers after Karras et al. (arXiv 2206.00364), whose latents are clean + sigma * noise and go to the
// model divided by sqrt(sigma^2 + 1).
class SigmaSampler : public Trajectory {
 public:
  // `sigmas`: one for each of the uncut `timesteps` and at least one more, float32 on the CPU.
  SigmaSampler(std::vector<double> timesteps, at::Tensor sigmas, double init_noise_sigma,
               const StepRange& range, int order, Prediction prediction);

  Evaluation next() const override { return {scaled(latents_, sigma(index())), timestep()}; }
  at::Tensor add_noise(const at::Tensor& original, const at::Tensor& noise, std::size_t index) const final;

 protected:
  at::Tensor sigma(std::int64_t i) const { return sigmas_[i]; }
  static at::Tensor scaled(const at::Tensor& sample, const at::Tensor& sigma);
  Prediction prediction() const { return prediction_; }

 private:
  at::Tensor sigmas_;
  Prediction prediction_;
};

// The schedule that such samplers make of a model's configuration: timesteps highest first, and their sigmas
// without the last one, which is for each class to say.
struct SigmaSchedule {
  std::vector<double> timesteps;
  std::vector<double> sigmas;
  std::vector<float> training_sigmas;
  std::vector<float> log_training_sigmas;
  Spacing spacing;
};

// What a class does otherwise than the rest.
struct SigmaScheduleTraits {
  BetaDefaults betas;
  bool knows_spreads = true;         // use_karras_sigmas and its like
  bool knows_interpolation = false;  // interpolation_type
  bool rounds_karras = false;        // timesteps of karras sigmas are whole
  bool ignores_sigma_range = false;  // karras sigmas take no notice of sigma_min and sigma_max
};

// What is wrong is left in `fields`, and the result is then not to be used.
SigmaSchedule read_sigma_schedule(Fields& fields, const SigmaScheduleTraits& traits, std::int64_t steps);

// The reference's init_noise_sigma.
double initial_sigma(const at::Tensor& sigmas, const Spacing& spacing);

}  // namespace sdw::schedulers
