#include "schedulers/betas.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cumprod.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace sdw::schedulers {

namespace {

double cosine_alpha_bar(double t) {
  return std::pow(std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2), 2);
}

double laplace_alpha_bar(double t) {
  const double lambda = -0.5 * std::copysign(1, 0.5 - t) * std::log(1 - 2 * std::fabs(0.5 - t) + 1e-06);
  const double snr = std::exp(lambda);
  return std::sqrt(snr / (1 + snr));
}

double exp_alpha_bar(double t) {
  return std::exp(t * -12.0);
}

at::Tensor betas_for(double (*alpha_bar)(double), std::int64_t count) {
  std::vector<float> betas;
  for (std::int64_t i = 0; i < count; ++i) {
    const double t1 = static_cast<double>(i) / static_cast<double>(count);
    const double t2 = static_cast<double>(i + 1) / static_cast<double>(count);
    betas.push_back(static_cast<float>(std::min(1 - alpha_bar(t2) / alpha_bar(t1), 0.999)));
  }
  return at::tensor(betas);
}

at::Tensor rescale_zero_terminal_snr(const at::Tensor& betas) {
  at::Tensor alphas_bar_sqrt = at::cumprod(1.0 - betas, 0).sqrt();
  const at::Tensor first = alphas_bar_sqrt[0].clone();
  const at::Tensor last = alphas_bar_sqrt[-1].clone();
  alphas_bar_sqrt -= last;
  alphas_bar_sqrt *= first / (first - last);
  const at::Tensor alphas_bar = alphas_bar_sqrt.pow(2);
  const at::Tensor alphas = alphas_bar.slice(0, 1) / alphas_bar.slice(0, 0, -1);
  return 1 - at::cat({alphas_bar.slice(0, 0, 1), alphas});
}

at::Tensor make_betas(const std::string& schedule, double start, double end, std::int64_t count) {
  if (schedule == "scaled_linear") {
    return at::linspace(std::pow(start, 0.5), std::pow(end, 0.5), count, at::kFloat).pow(2);
  }
  if (schedule == "squaredcos_cap_v2") return betas_for(cosine_alpha_bar, count);
  if (schedule == "laplace") return betas_for(laplace_alpha_bar, count);
  if (schedule == "exp") return betas_for(exp_alpha_bar, count);
  if (schedule == "sigmoid") {
    return at::sigmoid(at::linspace(-6, 6, count, at::kFloat)) * (end - start) + start;
  }
  return at::linspace(start, end, count, at::kFloat);
}

}  // namespace

NoiseSchedule read_noise_schedule(Fields& fields, const BetaDefaults& defaults) {
  // Bounds: outside them an alpha is no longer a share of signal, and 1 - beta rounds to 1 in float32.
  constexpr double kSmallest = 1e-7;
  constexpr double kLargest = 1 - 1e-7;
  const auto count = fields.integer("num_train_timesteps", 1000, 1, 100000);
  const double start = fields.number("beta_start", defaults.start, kSmallest, kLargest);
  const double end = fields.number("beta_end", defaults.end, kSmallest, kLargest);
  std::vector<std::string_view> schedules = {"linear", "scaled_linear", "squaredcos_cap_v2"};
  schedules.insert(schedules.end(), defaults.more_schedules.begin(), defaults.more_schedules.end());
  const auto schedule = fields.choice("beta_schedule", defaults.schedule, schedules);
  const auto trained = fields.numbers("trained_betas", kSmallest, kLargest);
  const bool zero_snr = defaults.knows_zero_snr && fields.flag("rescale_betas_zero_snr", false);
  if (!trained.empty() && static_cast<std::int64_t>(trained.size()) != count) {
    fields.fail("trained_betas", "expected num_train_timesteps = " + std::to_string(count) +
                                     " numbers, got " + std::to_string(trained.size()));
  }
  if (!fields.status()) return {};

  at::Tensor betas;
  if (trained.empty()) {
    betas = make_betas(schedule, start, end, count);
  } else {
    betas = at::tensor(std::vector<float>(trained.begin(), trained.end()));
  }
  if (zero_snr) betas = rescale_zero_terminal_snr(betas);
  at::Tensor alphas_cumprod = at::cumprod(1.0 - betas, 0);
  if (zero_snr && defaults.finite_last_sigma) alphas_cumprod[-1].fill_(std::exp2(-24));
  return {count, alphas_cumprod};
}

}  // namespace sdw::schedulers
