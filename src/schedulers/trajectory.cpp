#include "schedulers/trajectory.h"

#include <algorithm>
#include <utility>

namespace sdw::schedulers {

StepRange steps_at_strength(std::int64_t steps, double strength) {
  const auto kept = std::min(static_cast<std::int64_t>(static_cast<double>(steps) * strength), steps);
  return {steps, std::max<std::int64_t>(steps - kept, 0)};
}

Trajectory::Trajectory(std::vector<double> timesteps, const StepRange& range, int order,
                       double init_noise_sigma)
    : begin_(std::min<std::int64_t>(range.skipped * order, std::ssize(timesteps))),
      timesteps_(timesteps.begin() + begin_, timesteps.end()),
      order_(order),
      init_noise_sigma_(init_noise_sigma) {
  steps_ = static_cast<int>(range.total - range.skipped);
}

// The rule of the reference's progress bar: what is more than order x steps was warming up.
int Trajectory::steps_done() const {
  const auto count = std::ssize(timesteps_);
  const auto warmup = count - static_cast<std::ptrdiff_t>(steps_) * order_;
  int done = 0;
  for (std::ptrdiff_t i = 1; i <= static_cast<std::ptrdiff_t>(evaluation_); ++i) {
    if (i == count || (i > warmup && i % order_ == 0)) ++done;
  }
  return std::min(done, steps_);
}

void Trajectory::start(at::Tensor latents) {
  latents_ = std::move(latents);
  evaluation_ = 0;
  reset();
}

void Trajectory::advance_to(at::Tensor latents) {
  latents_ = std::move(latents);
  ++evaluation_;
}

}  // namespace sdw::schedulers
