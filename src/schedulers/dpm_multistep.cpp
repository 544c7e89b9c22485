// DPM-Solver (arXiv 2206.00927) and DPM-Solver++ (arXiv 2211.01095), multistep, of order 1 to 3, as solvers
// of the ODE or of the SDE.
#include <ATen/TensorOperators.h>
#include <fmt/format.h>
#include <string>
#include <utility>

#include "schedulers/multistep_sampler.h"
#include "schedulers/noise.h"
#include "schedulers/samplers.h"

namespace sdw::schedulers {

namespace {

struct DpmOptions {
  bool plus_plus = true;    // solves for the clean sample rather than the noise
  bool stochastic = false;  // the SDE
  bool heun = false;        // the other of the two second-order updates
  bool first_order_final = false;
};

// x_t = sample * x + d0 * D0 + d1 * D1 + d2 * D2 + noise * z, each 0-d.
struct DpmCoefficients {
  at::Tensor sample, d0, d1, d2, noise;
};

DpmCoefficients coefficients(const DpmOptions& options, const LogSnrPoint& from, const LogSnrPoint& to,
                             std::int64_t order) {
  const at::Tensor h = to.lambda - from.lambda;
  const bool midpoint = !options.heun && order == 2;
  DpmCoefficients c;
  if (options.plus_plus && !options.stochastic) {
    const at::Tensor phi = (-h).exp() - 1.0;
    c.sample = to.sigma / from.sigma;
    c.d0 = -(to.alpha * phi);
    c.d1 = midpoint ? -(0.5 * (to.alpha * phi)) : to.alpha * (phi / h + 1.0);
    c.d2 = -(to.alpha * ((phi + h) / h.pow(2) - 0.5));
  } else if (options.plus_plus) {
    const at::Tensor phi = 1.0 - (-2.0 * h).exp();
    c.sample = to.sigma / from.sigma * (-h).exp();
    c.d0 = to.alpha * phi;
    c.d1 = midpoint ? 0.5 * (to.alpha * phi) : to.alpha * (phi / (-2.0 * h) + 1.0);
    c.d2 = to.alpha * ((phi - 2.0 * h) / (2.0 * h).pow(2) - 0.5);
    c.noise = to.sigma * phi.sqrt();
  } else {
    const at::Tensor phi = h.exp() - 1.0;
    const double scale = options.stochastic ? 2.0 : 1.0;
    c.sample = to.alpha / from.alpha;
    c.d0 = -(scale * (to.sigma * phi));
    c.d1 = midpoint ? -(scale * 0.5 * (to.sigma * phi)) : -(scale * (to.sigma * (phi / h - 1.0)));
    c.d2 = -(to.sigma * ((phi - h) / h.pow(2) - 0.5));
    if (options.stochastic) c.noise = to.sigma * ((2 * h).exp() - 1.0).sqrt();
  }
  return c;
}

class DpmMultistep final : public MultistepSampler {
 public:
  static Result<std::unique_ptr<Sampler>> make(Fields& fields, const StepRange& range);

  DpmMultistep(Setup setup, const DpmOptions& options)
      : MultistepSampler(std::move(setup)), options_(options) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  at::Tensor converted(const at::Tensor& model_output) const;

  DpmOptions options_;
};

at::Tensor DpmMultistep::converted(const at::Tensor& model_output) const {
  if (options_.plus_plus) return clean_sample(model_output);
  at::Tensor epsilon = noise_part(model_output);
  if (!limits().thresholding) return epsilon;
  const auto here = point(index());
  const at::Tensor clean = limits().apply((latents_ - here.sigma * epsilon) / here.alpha);
  return (latents_ - here.alpha * clean) / here.sigma;
}

void DpmMultistep::advance(const at::Tensor& model_output, at::Generator& generator) {
  remember(converted(model_output));
  const auto order = order_here(options_.first_order_final);
  const auto to = point(index() + 1);
  const auto from = point(index());
  const auto c = coefficients(options_, from, to, order);

  at::Tensor x = c.sample * latents_ + c.d0 * output(0);
  if (order >= 2) {
    const at::Tensor h = to.lambda - from.lambda;
    const auto before = point(index() - 1);
    const at::Tensor r0 = (from.lambda - before.lambda) / h;
    at::Tensor d1 = r0.reciprocal() * (output(0) - output(1));
    if (order == 3) {
      const at::Tensor r1 = (before.lambda - point(index() - 2).lambda) / h;
      const at::Tensor change = d1 - r1.reciprocal() * (output(1) - output(2));
      d1 = d1 + r0 / (r0 + r1) * change;
      x = x + c.d1 * d1 + c.d2 * ((r0 + r1).reciprocal() * change);
    } else {
      x = x + c.d1 * d1;
    }
  }
  if (options_.stochastic) x = x + c.noise * draw_noise(model_output, generator);
  advance_to(x);
}

Result<std::unique_ptr<Sampler>> DpmMultistep::make(Fields& fields, const StepRange& range) {
  auto setup = read_setup(
      fields, range,
      {.betas = {.finite_last_sigma = true}, .knows_lambda_options = true, .keeps_cosine_fractions = true});
  const auto algorithm =
      fields.choice("algorithm_type", "dpmsolver++",
                    {"dpmsolver", "dpmsolver++", "sde-dpmsolver", "sde-dpmsolver++", "deis"});
  const auto solver = fields.choice("solver_type", "midpoint", {"midpoint", "heun", "logrho", "bh1", "bh2"});
  const auto final_sigma = fields.choice("final_sigmas_type", "zero", {"zero", "sigma_min"});
  const bool euler_at_final = fields.flag("euler_at_final", false);
  if (fields.text("variance_type").starts_with("learned")) {
    fields.fail("variance_type", "models that predict their variance are not supported");
  }
  if (!algorithm.ends_with("++") && final_sigma == "zero") {
    fields.fail("final_sigmas_type", fmt::format("algorithm_type {} needs \"sigma_min\"", algorithm));
  }
  if (algorithm == "sde-dpmsolver" && setup.solver_order == 3) {
    fields.fail("solver_order", "algorithm_type sde-dpmsolver has no order 3");
  }
  if (auto status = fields.status(); !status) return status.error();
  const DpmOptions options{.plus_plus = algorithm.ends_with("++") || algorithm == "deis",
                           .stochastic = algorithm.starts_with("sde"),
                           .heun = solver == "heun",
                           .first_order_final = euler_at_final || final_sigma == "zero"};
  return std::unique_ptr<Sampler>(std::make_unique<DpmMultistep>(std::move(setup), options));
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_dpm_multistep(Fields& fields, const StepRange& range) {
  return DpmMultistep::make(fields, range);
}

}  // namespace sdw::schedulers
