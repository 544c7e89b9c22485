#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "schedulers/samplers.h"
#include "schedulers/sigma_sampler.h"

namespace sdw::schedulers {

// What each step needs beside the sigma it starts at; float32 [steps].
struct TwoStageSigmas {
  at::Tensor midpoints;  // where the slope is looked at a second time
  at::Tensor targets;    // where the step goes
  at::Tensor noise;      // what is then added; undefined: nothing
};

// DPM-Solver-2 in the form of Karras et al. (k-diffusion's sample_dpm_2 and sample_dpm_2_ancestral): a step
// to the midpoint, then the whole step with the slope found there. The last step, down to sigma 0, is
// Euler's.
class TwoStageSampler final : public SigmaSampler {
 public:
  // `sigmas`: where each step starts, and 0 at the end.
  TwoStageSampler(std::vector<double> timesteps, const at::Tensor& sigmas, TwoStageSigmas steps,
                  double init_noise_sigma, const StepRange& range, Prediction prediction);

  Evaluation next() const override;
  void advance(const at::Tensor& model_output, at::Generator& generator) override;

 private:
  bool at_midpoint() const { return index() % 2 != 0; }
  std::int64_t step() const { return index() / 2; }

  TwoStageSigmas steps_of_;
  at::Tensor start_sample_;
};

SigmaSchedule read_two_stage_schedule(Fields& fields, std::int64_t steps);

// The sampler over `schedule`; `sigmas` are its own, float32, with 0 at the end.
std::unique_ptr<Sampler> make_two_stage(const SigmaSchedule& schedule, const at::Tensor& sigmas,
                                        TwoStageSigmas steps, const StepRange& range, Prediction prediction);

}  // namespace sdw::schedulers
