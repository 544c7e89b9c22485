#include "schedulers/multistep_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/flip.h>
#include <ATen/ops/searchsorted.h>
#include <cmath>
#include <limits>
#include <utility>

namespace sdw::schedulers {

namespace {

constexpr std::int64_t kShortSchedule = 15;

LogSnrPoint point_of(const at::Tensor& ratio) {
  const at::Tensor alpha = (ratio.pow(2) + 1).sqrt().reciprocal();
  const at::Tensor sigma = ratio * alpha;
  return {alpha, sigma, alpha.log() - sigma.log()};
}

// The timestep below which lambda stays above `lambda_min` (cosine betas need that, arXiv 2211.01095, section
// 3).
std::int64_t clipped_last_timestep(const NoiseSchedule& noise_schedule, double lambda_min) {
  const at::Tensor& alphas_cumprod = noise_schedule.alphas_cumprod;
  const at::Tensor lambda = alphas_cumprod.sqrt().log() - (1 - alphas_cumprod).sqrt().log();
  const auto clipped = at::searchsorted(at::flip(lambda, {0}), lambda_min).item<std::int64_t>();
  return noise_schedule.num_train_timesteps - clipped;
}

// Even in lambda, from the largest sigma to the smallest (arXiv 2206.00927, section 3.4).
std::vector<double> lu_sigmas(double highest_log, double lowest_log, std::int64_t count) {
  auto values = linspace(0, 1, count);
  for (double& value : values) value = std::exp(highest_log + value * (lowest_log - highest_log));
  return values;
}

}  // namespace

MultistepSampler::MultistepSampler(Setup setup)
    : Trajectory(setup.timesteps, setup.range, /*order=*/1, /*init_noise_sigma=*/1.0),
      setup_(std::move(setup)),
      total_steps_(std::ssize(setup_.timesteps)) {}

LogSnrPoint MultistepSampler::point(std::int64_t i) const {
  return point_of(setup_.sigmas[i]);
}

at::Tensor MultistepSampler::add_noise(const at::Tensor& original, const at::Tensor& noise,
                                       std::size_t index) const {
  const auto at_index = point(begin() + static_cast<std::int64_t>(index));
  return at_index.alpha * original + at_index.sigma * noise;
}

std::int64_t MultistepSampler::order_here(bool first_order_final) const {
  const auto earlier = remembered() - 1;
  const bool lowers = setup_.lower_order_final && total_steps_ < kShortSchedule;
  if (setup_.solver_order == 1 || earlier < 1 || (steps_left() == 1 && (lowers || first_order_final))) {
    return 1;
  }
  if (setup_.solver_order == 2 || earlier < 2 || (steps_left() == 2 && lowers)) return 2;
  return 3;
}

at::Tensor MultistepSampler::clean_sample(const at::Tensor& model_output) const {
  const auto here = point(index());
  at::Tensor clean = model_output;
  if (setup_.prediction == Prediction::epsilon) {
    clean = (latents_ - here.sigma * model_output) / here.alpha;
  } else if (setup_.prediction == Prediction::v_prediction) {
    clean = here.alpha * latents_ - here.sigma * model_output;
  }
  return setup_.limits.apply(clean);
}

at::Tensor MultistepSampler::noise_part(const at::Tensor& model_output) const {
  const auto here = point(index());
  if (setup_.prediction == Prediction::sample) return (latents_ - here.alpha * model_output) / here.sigma;
  if (setup_.prediction == Prediction::v_prediction) return here.alpha * model_output + here.sigma * latents_;
  return model_output;
}

void MultistepSampler::remember(const at::Tensor& converted_output) {
  outputs_.insert(outputs_.begin(), converted_output);
  if (std::ssize(outputs_) > setup_.solver_order) outputs_.pop_back();
}

MultistepSampler::Setup MultistepSampler::read_setup(Fields& fields, const StepRange& range,
                                                     const Traits& traits) {
  Setup setup;
  setup.range = range;
  const auto noise_schedule = read_noise_schedule(fields, traits.betas);
  const auto spacing = read_spacing(fields, "linspace", noise_schedule.num_train_timesteps);
  const bool cosine = fields.text("beta_schedule") == "squaredcos_cap_v2";
  const auto spread = read_sigma_spread(fields);
  const bool lu = traits.knows_lambda_options && fields.flag("use_lu_lambdas", false) && !spread.karras;
  const double lambda_min =
      traits.knows_lambda_options
          ? fields.number("lambda_min_clipped", -std::numeric_limits<double>::infinity(), -1e3, 1e3)
          : -std::numeric_limits<double>::infinity();
  setup.solver_order = fields.integer("solver_order", 2, 1, traits.most_order);
  setup.prediction = read_prediction(fields);
  setup.limits = read_thresholding(fields);
  setup.lower_order_final = fields.flag("lower_order_final", true);
  const bool zero_final = traits.final_sigma != FinalSigma::training_or_last &&
                          fields.choice("final_sigmas_type", "zero", {"zero", "sigma_min"}) == "zero";
  if (fields.flag("use_flow_sigmas", false)) fields.fail("use_flow_sigmas", "flow matching is not supported");
  if (!fields.status()) return setup;

  const auto sigmas_of_training = training_sigmas(noise_schedule.alphas_cumprod);
  const auto logs = log_of(sigmas_of_training);
  std::vector<double> sigmas;
  if (lu || spread) {
    sigmas = lu ? lu_sigmas(logs.back(), logs.front(), range.total)
                : spread.apply(fields, sigmas_of_training.back(), sigmas_of_training.front(), range.total);
    const bool rounds = (lu || spread.karras) && !(cosine && traits.keeps_cosine_fractions);
    for (const double sigma : sigmas) {
      const double t = sigma_to_timestep(sigma, logs);
      setup.timesteps.push_back(std::trunc(rounds ? std::nearbyint(t) : t));
    }
  } else {
    const auto last = clipped_last_timestep(noise_schedule, lambda_min);
    if (last < 1) {
      fields.fail("lambda_min_clipped", "it leaves no timestep");
      return setup;
    }
    setup.timesteps = multistep_timesteps(spacing, range.total, last);
    sigmas = interpolate_sigmas(setup.timesteps, sigmas_of_training);
  }
  const bool repeats_last = spread && traits.final_sigma != FinalSigma::zero_or_training;
  const double lowest = repeats_last ? sigmas.back() : sigmas_of_training.front();
  sigmas.push_back(zero_final ? 0 : lowest);
  setup.sigmas = to_tensor(sigmas);
  return setup;
}

}  // namespace sdw::schedulers
