#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "schedulers/fields.h"

namespace sdw::schedulers {

// sigma = sqrt((1 - alpha) / alpha) for each training timestep, float32, rising.
std::vector<float> training_sigmas(const at::Tensor& alphas_cumprod);

// Natural logarithms, each correctly rounded to float32.
std::vector<float> log_of(std::span<const float> sigmas);

// Linear interpolation between training sigmas, as numpy.interp: held at both ends.
std::vector<double> interpolate_sigmas(std::span<const double> timesteps, std::span<const float> sigmas);

// The (fractional) training timestep of a sigma, by interpolation in log sigma. The float version rounds
// every step to float32.
double sigma_to_timestep(double sigma, std::span<const float> log_sigmas);
float sigma_to_timestep(float sigma, std::span<const float> log_sigmas);

// How sigmas are spread from the largest to the smallest, `count` of them, highest first.
std::vector<double> karras_sigmas(double highest, double lowest,
                                  std::int64_t count);  // arXiv 2206.00364, formula 5, rho 7
std::vector<double> exponential_sigmas(double highest, double lowest,
                                       std::int64_t count);  // even in log sigma
std::vector<double> beta_sigmas(double highest, double lowest,
                                std::int64_t count);  // arXiv 2407.12173, alpha = beta = 0.6

// The fields use_karras_sigmas, use_exponential_sigmas and use_beta_sigmas, and the range that sigma_min and
// sigma_max put in place of the model's own.
struct SigmaSpread {
  std::vector<double> (*spread)(double, double,
                                std::int64_t) = nullptr;  // null: the spacing of the timesteps stands
  bool karras = false;
  std::optional<double> sigma_min;
  std::optional<double> sigma_max;

  explicit operator bool() const { return spread != nullptr; }
  // Precondition: spread is set. `highest` and `lowest` are the model's own. Error: model_invalid where the
  // range does not allow this spread.
  std::vector<double> apply(Fields& fields, double highest, double lowest, std::int64_t count) const;
};

SigmaSpread read_sigma_spread(Fields& fields);

// float32 on the CPU.
at::Tensor to_tensor(std::span<const double> values);

}  // namespace sdw::schedulers
