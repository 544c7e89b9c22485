#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schedulers/betas.h"
#include "schedulers/prediction.h"
#include "schedulers/sigmas.h"
#include "schedulers/timesteps.h"
#include "schedulers/trajectory.h"

namespace sdw::schedulers {

// A point of a schedule: the share of signal and of noise, alpha^2 + sigma^2 = 1, and half the log
// signal-to-noise ratio, lambda = log(alpha / sigma). All 0-d float32.
struct LogSnrPoint {
  at::Tensor alpha;
  at::Tensor sigma;
  at::Tensor lambda;
};

// What the exponential-integrator solvers (DPM-Solver, DEIS, UniPC) share: a schedule over lambda, and the
// history of converted model outputs that a step of order k looks k back into.
class MultistepSampler : public Trajectory {
 public:
  at::Tensor add_noise(const at::Tensor& original, const at::Tensor& noise, std::size_t index) const final;

 protected:
  struct Setup {
    std::vector<double> timesteps;
    at::Tensor sigmas;  // one for each timestep and one more, as noise over signal; float32 on the CPU
    StepRange range;
    std::int64_t solver_order = 2;
    Prediction prediction = Prediction::epsilon;
    SampleLimits limits;
    bool lower_order_final = true;
  };

  explicit MultistepSampler(Setup setup);

  LogSnrPoint point(std::int64_t i) const;
  // The order of the update at this step of DPM-Solver and DEIS: low at the beginning, for want of history,
  // and at the end of a short schedule, for stability. `first_order_final`: the last step is of order 1 in
  // any case.
  std::int64_t order_here(bool first_order_final) const;
  std::int64_t steps_left() const { return total_steps_ - index(); }
  std::int64_t solver_order() const { return setup_.solver_order; }
  bool lower_order_final() const { return setup_.lower_order_final; }

  // The clean sample, with limits applied, or the noise, that the model's output stands for here.
  at::Tensor clean_sample(const at::Tensor& model_output) const;
  at::Tensor noise_part(const at::Tensor& model_output) const;
  const SampleLimits& limits() const { return setup_.limits; }

  void remember(const at::Tensor& converted_output);
  // The i-th newest of what was remembered, from 0.
  const at::Tensor& output(std::int64_t i) const { return outputs_[static_cast<std::size_t>(i)]; }
  std::int64_t remembered() const { return std::ssize(outputs_); }
  void reset() override { outputs_.clear(); }

  // Reads what all of them know. `traits` and `final_sigma` say where they differ.
  enum class FinalSigma {
    zero_or_training,  // final_sigmas_type "zero", or "sigma_min": the lowest training sigma
    zero_or_last,      // the same, but "sigma_min" repeats the last of a spread of sigmas
    training_or_last,  // never zero: the lowest training sigma, or the last of a spread
  };
  struct Traits {
    BetaDefaults betas;
    FinalSigma final_sigma = FinalSigma::zero_or_training;
    std::int64_t most_order = 3;
    bool knows_lambda_options = false;  // use_lu_lambdas, lambda_min_clipped
    bool keeps_cosine_fractions =
        false;  // timesteps of karras sigmas are whole, but for betas "squaredcos_cap_v2"
  };
  // What is wrong is left in `fields`, and the result is then not to be used.
  static Setup read_setup(Fields& fields, const StepRange& range, const Traits& traits);

 private:
  Setup setup_;
  std::int64_t total_steps_;
  std::vector<at::Tensor> outputs_;  // newest first, at most solver_order
};

}  // namespace sdw::schedulers
