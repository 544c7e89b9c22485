// Pseudo Numerical Methods for Diffusion Models, arXiv 2202.09778: Runge-Kutta steps (PRK) to warm up, or
// none of them, then linear multistep (PLMS).
#include <ATen/TensorOperators.h>
#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "schedulers/alpha_sampler.h"
#include "schedulers/prediction.h"
#include "schedulers/samplers.h"
#include "schedulers/timesteps.h"

namespace sdw::schedulers {

namespace {

constexpr std::int64_t kOrder = 4;

struct PndmTimesteps {
  std::vector<std::int64_t> prk;
  std::vector<double> all;  // prk, then plms
};

// `ascending`: the plain schedule, lowest first. The second highest timestep is visited twice without PRK.
std::vector<double> plms_timesteps(const std::vector<double>& ascending) {
  std::vector<double> timesteps(ascending.rbegin(), ascending.rend());
  if (timesteps.size() > 1) timesteps.insert(timesteps.begin() + 1, timesteps[1]);
  return timesteps;
}

// Precondition: at least kOrder timesteps. Each of the four highest, with the half step above it, in the
// order that three Runge-Kutta steps evaluate them.
std::vector<std::int64_t> prk_timesteps(const std::vector<double>& ascending, std::int64_t half_stride) {
  std::vector<std::int64_t> pairs;
  for (auto it = ascending.end() - kOrder; it != ascending.end(); ++it) {
    pairs.push_back(static_cast<std::int64_t>(*it));
    pairs.push_back(static_cast<std::int64_t>(*it) + half_stride);
  }
  pairs.pop_back();
  std::vector<std::int64_t> doubled;
  for (const auto t : pairs) doubled.insert(doubled.end(), 2, t);
  return {doubled.rbegin() + 1, doubled.rend() - 1};
}

class Pndm final : public AlphaSampler {
 public:
  Pndm(PndmTimesteps timesteps, const StepRange& range, NoiseSchedule noise_schedule, at::Tensor final_alpha,
       Prediction prediction)
      : AlphaSampler(std::move(timesteps.all), range, std::move(noise_schedule), std::move(final_alpha)),
        prk_timesteps_(std::move(timesteps.prk)),
        stride_(num_train_timesteps() / range.total),
        prediction_(prediction) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  at::Tensor step_prk(const at::Tensor& model_output);
  at::Tensor step_plms(at::Tensor model_output);
  at::Tensor previous_sample(const at::Tensor& sample, std::int64_t t, std::int64_t t_prev,
                             at::Tensor model_output) const;
  void reset() override;

  std::vector<std::int64_t> prk_timesteps_;
  std::int64_t stride_;
  Prediction prediction_;

  std::vector<at::Tensor> ets_;  // the last model outputs, at most kOrder
  at::Tensor prk_sum_;           // undefined between two Runge-Kutta steps
  at::Tensor cur_sample_;        // where the current step began
};

void Pndm::reset() {
  ets_.clear();
  prk_sum_ = at::Tensor();
  cur_sample_ = at::Tensor();
}

void Pndm::advance(const at::Tensor& model_output, at::Generator& /*generator*/) {
  // Counted from where `strength` cut the schedule, as in the reference.
  advance_to(evaluation() < prk_timesteps_.size() ? step_prk(model_output) : step_plms(model_output));
}

at::Tensor Pndm::step_prk(const at::Tensor& model_output) {
  const auto counter = evaluation();
  const auto t_prev = whole_timestep() - (counter % 2 != 0 ? 0 : stride_ / 2);
  const auto t = prk_timesteps_[counter / 4 * 4];
  at::Tensor output = model_output;
  switch (counter % 4) {
    case 0:
      prk_sum_ = 1.0 / 6 * model_output;
      ets_.push_back(model_output);
      cur_sample_ = latents_;
      break;
    case 3:
      output = prk_sum_ + 1.0 / 6 * model_output;
      prk_sum_ = at::Tensor();
      break;
    default:
      prk_sum_ = prk_sum_ + 1.0 / 3 * model_output;
  }
  return previous_sample(cur_sample_, t, t_prev, output);
}

at::Tensor Pndm::step_plms(at::Tensor model_output) {
  const auto counter = evaluation();
  auto t = whole_timestep();
  auto t_prev = t - stride_;
  at::Tensor sample = latents_;
  if (counter != 1) {
    if (ets_.size() >= kOrder) ets_.erase(ets_.begin(), ets_.end() - (kOrder - 1));
    ets_.push_back(model_output);
  } else {
    t_prev = t;
    t += stride_;
  }
  const auto back = [this](std::size_t i) { return ets_[ets_.size() - i]; };
  if (ets_.size() == 1 && counter == 0) {
    cur_sample_ = sample;
  } else if (ets_.size() == 1 && counter == 1) {
    model_output = (model_output + back(1)) / 2;
    sample = std::exchange(cur_sample_, at::Tensor());
  } else if (ets_.size() == 2) {
    model_output = (3 * back(1) - back(2)) / 2;
  } else if (ets_.size() == 3) {
    model_output = (23 * back(1) - 16 * back(2) + 5 * back(3)) / 12;
  } else {
    model_output = 1.0 / 24 * (55 * back(1) - 59 * back(2) + 37 * back(3) - 9 * back(4));
  }
  return previous_sample(sample, t, t_prev, model_output);
}

// Formula 9, with alphas_cumprod for alpha.
at::Tensor Pndm::previous_sample(const at::Tensor& sample, std::int64_t t, std::int64_t t_prev,
                                 at::Tensor model_output) const {
  const at::Tensor alpha_prod_t = alpha_prod(t);
  const at::Tensor alpha_prod_t_prev = alpha_prod_before(t_prev);
  const at::Tensor beta_prod_t = 1 - alpha_prod_t;
  const at::Tensor beta_prod_t_prev = 1 - alpha_prod_t_prev;
  if (prediction_ == Prediction::v_prediction) {
    model_output = alpha_prod_t.sqrt() * model_output + beta_prod_t.sqrt() * sample;
  }
  const at::Tensor sample_coeff = (alpha_prod_t_prev / alpha_prod_t).sqrt();
  const at::Tensor denominator =
      alpha_prod_t * beta_prod_t_prev.sqrt() + (alpha_prod_t * beta_prod_t * alpha_prod_t_prev).sqrt();
  return sample_coeff * sample - (alpha_prod_t_prev - alpha_prod_t) * model_output / denominator;
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_pndm(Fields& fields, const StepRange& range) {
  auto noise_schedule = read_noise_schedule(fields, {.knows_zero_snr = false});
  const auto spacing = read_spacing(fields, "leading", noise_schedule.num_train_timesteps);
  const auto prediction = read_prediction(fields, /*sample_allowed=*/false);
  auto final_alpha = read_final_alpha(fields, noise_schedule, /*one_by_default=*/false);
  const bool skip_prk_steps = fields.flag("skip_prk_steps", false);
  if (auto status = fields.status(); !status) return status.error();

  auto ascending = discrete_timesteps(spacing, range.total);
  std::reverse(ascending.begin(), ascending.end());
  PndmTimesteps timesteps;
  if (skip_prk_steps) {
    timesteps.all = plms_timesteps(ascending);
  } else if (std::ssize(ascending) < kOrder) {
    return Error{
        ErrorCode::invalid_request,
        fmt::format("this model's PNDM scheduler (skip_prk_steps false) needs at least {} steps, got {}",
                    kOrder, range.total),
        "steps"};
  } else {
    timesteps.prk = prk_timesteps(ascending, spacing.num_train_timesteps / range.total / 2);
    timesteps.all.assign(timesteps.prk.begin(), timesteps.prk.end());
    timesteps.all.insert(timesteps.all.end(), ascending.rbegin() + (kOrder - 1), ascending.rend());
  }
  check_timesteps(fields, timesteps.all, spacing.num_train_timesteps);
  if (auto status = fields.status(); !status) return status.error();
  return std::unique_ptr<Sampler>(std::make_unique<Pndm>(
      std::move(timesteps), range, std::move(noise_schedule), std::move(final_alpha), prediction));
}

}  // namespace sdw::schedulers
