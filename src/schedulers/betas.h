#pragma once

#include <ATen/core/Tensor.h>
#include <cstdint>
#include <string_view>
#include <vector>

#include "schedulers/fields.h"

namespace sdw::schedulers {

// What a scheduler class assumes where the model's configuration says nothing, and what else it knows.
struct BetaDefaults {
  double start = 0.0001;
  double end = 0.02;
  std::string_view schedule = "linear";
  // Beyond "linear", "scaled_linear" and "squaredcos_cap_v2": of "laplace", "exp" and "sigmoid".
  std::vector<std::string_view> more_schedules{};
  // The class honours `rescale_betas_zero_snr` (arXiv 2305.08891, algorithm 1).
  bool knows_zero_snr = true;
  // ... and then keeps the last alpha above 0, so that the largest sigma is finite.
  bool finite_last_sigma = false;
};

// The noise a model was trained on: alphas_cumprod[t], float32 [num_train_timesteps] on the CPU.
struct NoiseSchedule {
  std::int64_t num_train_timesteps = 0;
  at::Tensor alphas_cumprod;
};

// Reads num_train_timesteps, beta_start, beta_end, beta_schedule, trained_betas and rescale_betas_zero_snr.
// What is wrong is left in `fields`, and the result is then not to be used.
NoiseSchedule read_noise_schedule(Fields& fields, const BetaDefaults& defaults);

}  // namespace sdw::schedulers
