// Linear multistep in sigma (k-diffusion's sample_lms): the last four derivatives, weighted by the integrals
// of their Lagrange polynomials over the step.
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <utility>

#include "schedulers/samplers.h"
#include "schedulers/sigma_sampler.h"

namespace sdw::schedulers {

namespace {

constexpr std::int64_t kOrder = 4;

class Lms final : public SigmaSampler {
 public:
  Lms(std::vector<double> timesteps, std::vector<float> sigmas, const at::Tensor& sigma_tensor,
      double init_noise_sigma, const StepRange& range, Prediction prediction)
      : SigmaSampler(std::move(timesteps), sigma_tensor, init_noise_sigma, range, /*order=*/1, prediction),
        sigmas_(std::move(sigmas)) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  double coefficient(std::int64_t order, std::int64_t current) const;
  void reset() override { derivatives_.clear(); }

  std::vector<float> sigmas_;
  std::vector<at::Tensor> derivatives_;  // newest first, at most kOrder
};

// The reference integrates with QUADPACK, whose first try is the 21-point rule, exact for cubics; its
// integrand is float32, since its sigmas are.
double Lms::coefficient(std::int64_t order, std::int64_t current) const {
  const auto sigma_back = [this](std::int64_t k) { return sigmas_[static_cast<std::size_t>(index() - k)]; };
  const auto integrand = [&](double tau) -> double {
    float product = 1;
    for (std::int64_t k = 0; k < order; ++k) {
      if (k == current) continue;
      product *= (static_cast<float>(tau) - sigma_back(k)) / (sigma_back(current) - sigma_back(k));
    }
    return product;
  };
  return boost::math::quadrature::gauss_kronrod<double, 21>::integrate(
      integrand, static_cast<double>(sigma_back(0)), static_cast<double>(sigma_back(-1)), /*max_depth=*/0);
}

void Lms::advance(const at::Tensor& model_output, at::Generator& /*generator*/) {
  const at::Tensor here = sigma(index());
  const at::Tensor original = denoised(prediction(), model_output, latents_, here);
  derivatives_.insert(derivatives_.begin(), (latents_ - original) / here);
  if (std::ssize(derivatives_) > kOrder) derivatives_.pop_back();

  // Where `strength` cut the schedule, the order is that of the uncut one, and terms without a derivative are
  // left out: so does the reference.
  const auto order = std::min(index() + 1, kOrder);
  at::Tensor sum;
  for (std::int64_t k = 0; k < std::min(order, static_cast<std::int64_t>(std::ssize(derivatives_))); ++k) {
    const at::Tensor term = coefficient(order, k) * derivatives_[static_cast<std::size_t>(k)];
    sum = sum.defined() ? sum + term : term;
  }
  advance_to(latents_ + sum);
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_lms(Fields& fields, const StepRange& range) {
  auto schedule = read_sigma_schedule(
      fields, {.betas = {.knows_zero_snr = false}, .ignores_sigma_range = true}, range.total);
  const auto prediction = read_prediction(fields);
  if (auto status = fields.status(); !status) return status.error();
  schedule.sigmas.push_back(0);
  for (double& t : schedule.timesteps) t = static_cast<float>(t);
  const at::Tensor sigmas = to_tensor(schedule.sigmas);
  const double init_noise_sigma = initial_sigma(sigmas, schedule.spacing);
  return std::unique_ptr<Sampler>(std::make_unique<Lms>(
      std::move(schedule.timesteps), std::vector<float>(schedule.sigmas.begin(), schedule.sigmas.end()),
      sigmas, init_noise_sigma, range, prediction));
}

}  // namespace sdw::schedulers
