// Diffusion Exponential Integrator Sampler, arXiv 2204.13902, in log rho: the remembered noise predictions
// are interpolated by polynomials in log(sigma / alpha).
#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <cmath>
#include <utility>

#include "schedulers/multistep_sampler.h"
#include "schedulers/samplers.h"

namespace sdw::schedulers {

namespace {

// Integrals of the Lagrange polynomials in log t, without the constant, at t; float32 throughout.
float log_of(float value) {
  return static_cast<float>(std::log(static_cast<double>(value)));
}

float integral_of_two(float t, float b, float c) {
  return t * (-log_of(c) + log_of(t) - 1) / (log_of(b) - log_of(c));
}

float integral_of_three(float t, float b, float c, float d) {
  const float log_t = log_of(t);
  const float log_c = log_of(c);
  const float log_d = log_of(d);
  const float numerator =
      t * (log_c * (log_d - log_t + 1) - log_d * log_t + log_d + log_t * log_t - 2 * log_t + 2);
  return numerator / ((log_of(b) - log_c) * (log_of(b) - log_d));
}

class Deis final : public MultistepSampler {
 public:
  static Result<std::unique_ptr<Sampler>> make(Fields& fields, const StepRange& range);

  explicit Deis(Setup setup) : MultistepSampler(std::move(setup)) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  float rho(std::int64_t i) const {
    const auto at_i = point(i);
    return (at_i.sigma / at_i.alpha).item<float>();
  }
};

void Deis::advance(const at::Tensor& model_output, at::Generator& /*generator*/) {
  const auto from = point(index());
  const auto to = point(index() + 1);
  remember((latents_ - from.alpha * clean_sample(model_output)) / from.sigma);
  const auto order = order_here(/*first_order_final=*/false);
  if (order == 1) {
    const at::Tensor h = to.lambda - from.lambda;
    advance_to(to.alpha / from.alpha * latents_ - to.sigma * (h.exp() - 1.0) * output(0));
    return;
  }
  const float t = rho(index() + 1);
  const float s0 = rho(index());
  const float s1 = rho(index() - 1);
  at::Tensor x = latents_ / from.alpha;
  if (order == 2) {
    const float coef1 = integral_of_two(t, s0, s1) - integral_of_two(s0, s0, s1);
    const float coef2 = integral_of_two(t, s1, s0) - integral_of_two(s0, s1, s0);
    x = x + coef1 * output(0) + coef2 * output(1);
  } else {
    const float s2 = rho(index() - 2);
    const float coef1 = integral_of_three(t, s0, s1, s2) - integral_of_three(s0, s0, s1, s2);
    const float coef2 = integral_of_three(t, s1, s2, s0) - integral_of_three(s0, s1, s2, s0);
    const float coef3 = integral_of_three(t, s2, s0, s1) - integral_of_three(s0, s2, s0, s1);
    x = x + coef1 * output(0) + coef2 * output(1) + coef3 * output(2);
  }
  advance_to(to.alpha * x);
}

Result<std::unique_ptr<Sampler>> Deis::make(Fields& fields, const StepRange& range) {
  auto setup = read_setup(fields, range,
                          {.betas = {.knows_zero_snr = false}, .final_sigma = FinalSigma::training_or_last});
  fields.choice("algorithm_type", "deis", {"deis", "dpmsolver", "dpmsolver++"});
  fields.choice("solver_type", "logrho", {"logrho", "midpoint", "heun", "bh1", "bh2"});
  if (auto status = fields.status(); !status) return status.error();
  return std::unique_ptr<Sampler>(std::make_unique<Deis>(std::move(setup)));
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_deis(Fields& fields, const StepRange& range) {
  return Deis::make(fields, range);
}

}  // namespace sdw::schedulers
