#pragma once

#include <cstdint>
#include <vector>

#include "schedulers/sampler.h"

namespace sdw::schedulers {

// Which of a schedule's steps are run: all of `total`, but for the first `skipped` ones (image to image).
struct StepRange {
  std::int64_t total = 0;
  std::int64_t skipped = 0;
};

// As StableDiffusionImg2ImgPipeline.get_timesteps.
StepRange steps_at_strength(std::int64_t steps, double strength);

// The bookkeeping all samplers share. `order`: model evaluations a step, as the reference counts them when it
// cuts a schedule and when it reports progress.
class Trajectory : public Sampler {
 public:
  const std::vector<double>& timesteps() const final { return timesteps_; }
  double init_noise_sigma() const final { return init_noise_sigma_; }
  int steps_done() const final;
  void start(at::Tensor latents) final;
  Evaluation next() const override { return {latents_, timestep()}; }

 protected:
  Trajectory(std::vector<double> timesteps, const StepRange& range, int order, double init_noise_sigma);

  // Of the evaluation that comes next.
  double timestep() const { return timesteps_[evaluation_]; }
  // Its place in the schedule as it was before anything was cut off.
  std::int64_t index() const { return begin_ + static_cast<std::int64_t>(evaluation_); }
  std::int64_t begin() const { return begin_; }
  // Ends an evaluation.
  void advance_to(at::Tensor latents);
  // Forgets what earlier evaluations left behind.
  virtual void reset() {}

 private:
  std::int64_t begin_;
  std::vector<double> timesteps_;
  int order_;
  double init_noise_sigma_;
};

}  // namespace sdw::schedulers
