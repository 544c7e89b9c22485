// Latent Consistency Models, arXiv 2310.04378: multistep consistency sampling.
#include <ATen/TensorOperators.h>
#include <ATen/ops/scalar_tensor.h>
#include <cmath>
#include <fmt/format.h>
#include <utility>

#include "schedulers/alpha_sampler.h"
#include "schedulers/noise.h"
#include "schedulers/prediction.h"
#include "schedulers/samplers.h"
#include "schedulers/timesteps.h"

namespace sdw::schedulers {

namespace {

struct LcmOptions {
  Prediction prediction;
  SampleLimits limits;
  double timestep_scaling;
};

class Lcm final : public AlphaSampler {
 public:
  Lcm(std::vector<double> timesteps, const StepRange& range, NoiseSchedule noise_schedule,
      at::Tensor final_alpha, const LcmOptions& options)
      : AlphaSampler(std::move(timesteps), range, std::move(noise_schedule), std::move(final_alpha)),
        options_(options) {}

  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  LcmOptions options_;
};

void Lcm::advance(const at::Tensor& model_output, at::Generator& generator) {
  const auto t = whole_timestep();
  const bool last = evaluation() + 1 == timesteps().size();
  const at::Tensor alpha_prod_t = alpha_prod(t);
  const at::Tensor original =
      options_.limits.apply(predicted_original(options_.prediction, model_output, latents_, alpha_prod_t));

  // Scalings of the boundary condition, appendix of arXiv 2303.01469, in float32.
  constexpr double kSigmaData = 0.5;
  const at::Tensor scaled_timestep = at::scalar_tensor(t, at::kLong) * options_.timestep_scaling;
  const at::Tensor sum = scaled_timestep.pow(2) + kSigmaData * kSigmaData;
  const at::Tensor c_skip = sum.reciprocal() * (kSigmaData * kSigmaData);
  const at::Tensor c_out = scaled_timestep / sum.sqrt();
  at::Tensor result = c_out * original + c_skip * latents_;
  if (!last) {
    const at::Tensor alpha_prod_t_prev =
        alpha_prod_before(static_cast<std::int64_t>(timesteps()[evaluation() + 1]));
    result = alpha_prod_t_prev.sqrt() * result +
             (1 - alpha_prod_t_prev).sqrt() * draw_noise(model_output, generator);
  }
  advance_to(result);
}

// Evenly chosen among the timesteps that the model was distilled on, highest first.
std::vector<double> lcm_timesteps(std::int64_t num_train_timesteps, std::int64_t original_steps,
                                  std::int64_t steps) {
  const auto stride = num_train_timesteps / original_steps;
  std::vector<double> timesteps;
  for (std::int64_t i = 0; i < steps; ++i) {
    const double step = static_cast<double>(original_steps) / static_cast<double>(steps);
    const auto place = static_cast<std::int64_t>(std::floor(static_cast<double>(i) * step));
    timesteps.push_back(static_cast<double>((original_steps - place) * stride - 1));
  }
  return timesteps;
}

}  // namespace

Result<std::unique_ptr<Sampler>> make_lcm(Fields& fields, const StepRange& range) {
  auto noise_schedule =
      read_noise_schedule(fields, {.start = 0.00085, .end = 0.012, .schedule = "scaled_linear"});
  const LcmOptions options{read_prediction(fields),
                           read_thresholding_and_clip(fields, /*clip_default=*/false),
                           fields.number("timestep_scaling", 10.0, 0, 1e6)};
  const auto original_steps = fields.integer("original_inference_steps", 50, 1, 100000);
  auto final_alpha = read_final_alpha(fields, noise_schedule, /*one_by_default=*/true);
  if (fields.status() && original_steps > noise_schedule.num_train_timesteps) {
    fields.fail("original_inference_steps",
                fmt::format("expected at most num_train_timesteps = {}", noise_schedule.num_train_timesteps));
  }
  if (auto status = fields.status(); !status) return status.error();
  if (range.total > original_steps) {
    return Error{
        ErrorCode::invalid_request,
        fmt::format("lcm can do at most {} steps with this model, got {}", original_steps, range.total),
        "steps"};
  }
  auto timesteps = lcm_timesteps(noise_schedule.num_train_timesteps, original_steps, range.total);
  return std::unique_ptr<Sampler>(std::make_unique<Lcm>(
      std::move(timesteps), range, std::move(noise_schedule), std::move(final_alpha), options));
}

}  // namespace sdw::schedulers
