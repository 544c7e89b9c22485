// DPM-Solver-2 over sigmas with ancestral noise: a step goes down to sigma_down, and noise of sigma_up is
// added.
#include <ATen/TensorOperators.h>
#include <ATen/ops/lerp.h>

#include "schedulers/samplers.h"
#include "schedulers/two_stage_sampler.h"

namespace sdw::schedulers {

Result<std::unique_ptr<Sampler>> make_dpm2_ancestral(Fields& fields, const StepRange& range) {
  auto schedule = read_two_stage_schedule(fields, range.total);
  const auto prediction = read_prediction(fields, /*sample_allowed=*/false);
  if (auto status = fields.status(); !status) return status.error();
  schedule.sigmas.push_back(0);
  const at::Tensor sigmas = to_tensor(schedule.sigmas);
  const at::Tensor start = sigmas.slice(0, 0, -1);
  const at::Tensor end = sigmas.slice(0, 1);
  const at::Tensor up = (end.pow(2) * (start.pow(2) - end.pow(2)) / start.pow(2)).sqrt();
  const at::Tensor down = (end.pow(2) - up.pow(2)).sqrt();
  const at::Tensor midpoints = at::lerp(start.log(), down.log(), 0.5).exp();
  midpoints[-1].fill_(0);  // the last step goes straight to 0; the mean of logarithms has no value there
  return make_two_stage(schedule, sigmas, {midpoints, down, up}, range, prediction);
}

}  // namespace sdw::schedulers
