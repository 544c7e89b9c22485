#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schedulers/fields.h"

namespace sdw::schedulers {

// Evenly spaced values with NumPy's rounding: the reference's timesteps are made of these, and whether one
// comes out as 998 or 999, or whether there is one more than asked for, hangs on the last bit.
std::vector<double> linspace(double start, double stop, std::int64_t count);
std::vector<double> arange(double start, double stop, double step);

// How `steps` timesteps are chosen among those the model was trained on (arXiv 2305.08891, table 2).
struct Spacing {
  std::string kind;  // "linspace", "leading" or "trailing"
  std::int64_t offset = 0;
  std::int64_t num_train_timesteps = 1000;
};

Spacing read_spacing(Fields& fields, std::string_view default_kind, std::int64_t num_train_timesteps);

// Whole timesteps, highest first (DDIM, DDPM, PNDM).
std::vector<double> discrete_timesteps(const Spacing& spacing, std::int64_t steps);
// As above, but "linspace" is not rounded; values are float32 (the samplers over sigmas).
std::vector<double> continuous_timesteps(const Spacing& spacing, std::int64_t steps);
// Whole timesteps chosen from [0, last) as if one more were wanted at the clean end (the multistep solvers).
std::vector<double> multistep_timesteps(const Spacing& spacing, std::int64_t steps, std::int64_t last);

}  // namespace sdw::schedulers
