#pragma once

#include <cstdint>
#include <vector>

#include "schedulers/betas.h"
#include "schedulers/trajectory.h"

namespace sdw::schedulers {

// Samplers over whole training timesteps, whose latents are sqrt(alpha) * clean + sqrt(1 - alpha) * noise and
// go to the model as they are.
class AlphaSampler : public Trajectory {
 public:
  at::Tensor add_noise(const at::Tensor& original, const at::Tensor& noise, std::size_t index) const final;

 protected:
  // `final_alpha`: what stands in for alphas_cumprod before timestep 0.
  AlphaSampler(std::vector<double> timesteps, const StepRange& range, NoiseSchedule noise_schedule,
               at::Tensor final_alpha);

  std::int64_t num_train_timesteps() const { return noise_schedule_.num_train_timesteps; }
  // alphas_cumprod[t], 0-d; as in Python, a negative t counts from the end.
  at::Tensor alpha_prod(std::int64_t t) const;
  // The same for the timestep that a step goes to: negative means the final alpha.
  at::Tensor alpha_prod_before(std::int64_t t) const;
  std::int64_t whole_timestep() const { return static_cast<std::int64_t>(timestep()); }

 private:
  NoiseSchedule noise_schedule_;
  at::Tensor final_alpha_;
};

// The final alpha of classes that have `set_alpha_to_one`.
at::Tensor read_final_alpha(Fields& fields, const NoiseSchedule& noise_schedule, bool one_by_default);

// An error in `fields` where a timestep is not one the model was trained on (steps_offset too large).
void check_timesteps(Fields& fields, const std::vector<double>& timesteps, std::int64_t num_train_timesteps);

}  // namespace sdw::schedulers
