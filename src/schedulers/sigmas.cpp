#include "schedulers/sigmas.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>

#include "schedulers/timesteps.h"

namespace sdw::schedulers {

namespace {

// T is the precision that the reference computes in, which follows from the type of the sigma it is asked
// for.
template <class T>
T timestep_of(T sigma, std::span<const float> log_sigmas) {
  const auto count = std::ssize(log_sigmas);
  if (count < 2) return std::numeric_limits<T>::quiet_NaN();
  const T log_sigma = static_cast<T>(std::log(static_cast<double>(std::max(sigma, static_cast<T>(1e-10)))));
  std::ptrdiff_t low = 0;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    if (log_sigma - log_sigmas[i] >= 0) low = i;
  }
  low = std::min(low, count - 2);
  const float low_log = log_sigmas[low];
  const float high_log = log_sigmas[low + 1];
  const T weight = std::clamp((low_log - log_sigma) / static_cast<T>(low_log - high_log), T{0}, T{1});
  return (1 - weight) * static_cast<T>(low) + weight * static_cast<T>(low + 1);
}

}  // namespace

std::vector<float> training_sigmas(const at::Tensor& alphas_cumprod) {
  const at::Tensor sigmas = ((1 - alphas_cumprod) / alphas_cumprod).sqrt().contiguous();
  const auto* data = sigmas.const_data_ptr<float>();
  return {data, data + sigmas.numel()};
}

std::vector<float> log_of(std::span<const float> sigmas) {
  std::vector<float> logs;
  for (const float sigma : sigmas) logs.push_back(static_cast<float>(std::log(static_cast<double>(sigma))));
  return logs;
}

std::vector<double> interpolate_sigmas(std::span<const double> timesteps, std::span<const float> sigmas) {
  const auto last = static_cast<double>(sigmas.size() - 1);
  std::vector<double> values;
  for (const double t : timesteps) {
    const auto i = static_cast<std::size_t>(std::clamp(std::floor(t), 0.0, last));
    if (t <= 0 || t >= last) {
      values.push_back(sigmas[i]);
      continue;
    }
    const double low = sigmas[i];
    const double slope = sigmas[i + 1] - low;
    values.push_back(slope * (t - static_cast<double>(i)) + low);
  }
  return values;
}

double sigma_to_timestep(double sigma, std::span<const float> log_sigmas) {
  return timestep_of(sigma, log_sigmas);
}
float sigma_to_timestep(float sigma, std::span<const float> log_sigmas) {
  return timestep_of(sigma, log_sigmas);
}

std::vector<double> karras_sigmas(double highest, double lowest, std::int64_t count) {
  constexpr double kRho = 7;
  const double from = std::pow(highest, 1 / kRho);
  const double to = std::pow(lowest, 1 / kRho);
  auto values = linspace(0, 1, count);
  for (double& value : values) value = std::pow(from + value * (to - from), kRho);
  return values;
}

std::vector<double> exponential_sigmas(double highest, double lowest, std::int64_t count) {
  auto values = linspace(std::log(highest), std::log(lowest), count);
  for (double& value : values) value = std::exp(value);
  return values;
}

std::vector<double> beta_sigmas(double highest, double lowest, std::int64_t count) {
  auto values = linspace(0, 1, count);
  for (double& value : values) {
    value = lowest + boost::math::ibeta_inv(0.6, 0.6, 1 - value) * (highest - lowest);
  }
  return values;
}

std::vector<double> SigmaSpread::apply(Fields& fields, double highest, double lowest,
                                       std::int64_t count) const {
  highest = sigma_max.value_or(highest);
  lowest = sigma_min.value_or(lowest);
  auto values = spread(highest, lowest, count);
  if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); })) {
    fields.fail("beta_schedule", "its sigmas do not reach over a range that this schedule can divide");
  }
  return values;
}

SigmaSpread read_sigma_spread(Fields& fields) {
  SigmaSpread result;
  const bool karras = fields.flag("use_karras_sigmas", false);
  const bool exponential = fields.flag("use_exponential_sigmas", false);
  const bool beta = fields.flag("use_beta_sigmas", false);
  if (karras + exponential + beta > 1) {
    fields.fail("use_karras_sigmas",
                "only one of use_karras_sigmas, use_exponential_sigmas and use_beta_sigmas can be set");
  }
  if (karras) result.spread = karras_sigmas;
  if (exponential) result.spread = exponential_sigmas;
  if (beta) result.spread = beta_sigmas;
  result.karras = karras;
  result.sigma_min = fields.optional_number("sigma_min", 1e-10, 1e10);
  result.sigma_max = fields.optional_number("sigma_max", 1e-10, 1e10);
  return result;
}

at::Tensor to_tensor(std::span<const double> values) {
  return at::tensor(std::vector<float>(values.begin(), values.end()));
}

}  // namespace sdw::schedulers
