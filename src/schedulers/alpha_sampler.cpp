#include "schedulers/alpha_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <fmt/format.h>
#include <utility>

namespace sdw::schedulers {

AlphaSampler::AlphaSampler(std::vector<double> timesteps, const StepRange& range,
                           NoiseSchedule noise_schedule, at::Tensor final_alpha)
    : Trajectory(std::move(timesteps), range, /*order=*/1, /*init_noise_sigma=*/1.0),
      noise_schedule_(std::move(noise_schedule)),
      final_alpha_(std::move(final_alpha)) {}

at::Tensor AlphaSampler::alpha_prod(std::int64_t t) const {
  return noise_schedule_.alphas_cumprod[t];
}

at::Tensor AlphaSampler::alpha_prod_before(std::int64_t t) const {
  return t >= 0 ? alpha_prod(t) : final_alpha_;
}

at::Tensor AlphaSampler::add_noise(const at::Tensor& original, const at::Tensor& noise,
                                   std::size_t index) const {
  const at::Tensor alpha = alpha_prod(static_cast<std::int64_t>(timesteps().at(index)));
  return alpha.sqrt() * original + (1 - alpha).sqrt() * noise;
}

at::Tensor read_final_alpha(Fields& fields, const NoiseSchedule& noise_schedule, bool one_by_default) {
  if (fields.flag("set_alpha_to_one", one_by_default)) return at::scalar_tensor(1.0, at::kFloat);
  return fields.status() ? noise_schedule.alphas_cumprod[0] : at::Tensor();
}

void check_timesteps(Fields& fields, const std::vector<double>& timesteps, std::int64_t num_train_timesteps) {
  const auto count = static_cast<double>(num_train_timesteps);
  for (const double t : timesteps) {
    if (t < -count || t >= count) {
      fields.fail("steps_offset",
                  fmt::format("this many steps reach timestep {}, but the model was trained on 0 to {}", t,
                              num_train_timesteps - 1));
    }
  }
}

}  // namespace sdw::schedulers
