// DPM-Solver-2 over sigmas: the midpoint is the geometric mean of a step's two ends.
#include <ATen/ops/lerp.h>

#include "schedulers/samplers.h"
#include "schedulers/two_stage_sampler.h"

namespace sdw::schedulers {

Result<std::unique_ptr<Sampler>> make_dpm2(Fields& fields, const StepRange& range) {
  auto schedule = read_two_stage_schedule(fields, range.total);
  const auto prediction = read_prediction(fields, /*sample_allowed=*/false);
  if (auto status = fields.status(); !status) return status.error();
  schedule.sigmas.push_back(0);
  const at::Tensor sigmas = to_tensor(schedule.sigmas);
  const at::Tensor start = sigmas.slice(0, 0, -1);
  const at::Tensor end = sigmas.slice(0, 1);
  const at::Tensor midpoints = at::lerp(end.log(), start.log(), 0.5).exp();
  return make_two_stage(schedule, sigmas, {midpoints, end, {}}, range, prediction);
}

}  // namespace sdw::schedulers
