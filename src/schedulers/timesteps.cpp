#include "schedulers/timesteps.h"

#include <algorithm>
#include <cmath>

namespace sdw::schedulers {

namespace {

// Half to even, as NumPy rounds: the processor's default rounding mode.
void round_each(std::vector<double>& values) {
  for (double& value : values) value = std::nearbyint(value);
}

std::vector<double> leading(std::int64_t ratio, std::int64_t count, std::int64_t offset) {
  std::vector<double> timesteps;
  for (std::int64_t i = count - 1; i >= 0; --i) timesteps.push_back(static_cast<double>(i * ratio + offset));
  return timesteps;
}

std::vector<double> trailing(std::int64_t last, double ratio) {
  auto timesteps = arange(static_cast<double>(last), 0, -ratio);
  round_each(timesteps);
  for (double& t : timesteps) t -= 1;
  return timesteps;
}

double ratio_of(const Spacing& spacing, std::int64_t steps) {
  return static_cast<double>(spacing.num_train_timesteps) / static_cast<double>(steps);
}

}  // namespace

std::vector<double> linspace(double start, double stop, std::int64_t count) {
  std::vector<double> values;
  if (count < 1) return values;
  const double step = count > 1 ? (stop - start) / static_cast<double>(count - 1) : 0;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(i) * step + start);
  if (count > 1) values.back() = stop;
  return values;
}

std::vector<double> arange(double start, double stop, double step) {
  const auto count = static_cast<std::int64_t>(std::ceil((stop - start) / step));
  const double delta = (start + step) - start;
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(i == 1 ? start + step : start + static_cast<double>(i) * delta);
  }
  return values;
}

Spacing read_spacing(Fields& fields, std::string_view default_kind, std::int64_t num_train_timesteps) {
  return {fields.choice("timestep_spacing", default_kind, {"linspace", "leading", "trailing"}),
          fields.integer("steps_offset", 0, -1000000, 1000000), num_train_timesteps};
}

std::vector<double> discrete_timesteps(const Spacing& spacing, std::int64_t steps) {
  if (spacing.kind == "leading") return leading(spacing.num_train_timesteps / steps, steps, spacing.offset);
  if (spacing.kind == "trailing") return trailing(spacing.num_train_timesteps, ratio_of(spacing, steps));
  auto timesteps = linspace(0, static_cast<double>(spacing.num_train_timesteps - 1), steps);
  round_each(timesteps);
  std::reverse(timesteps.begin(), timesteps.end());
  return timesteps;
}

std::vector<double> continuous_timesteps(const Spacing& spacing, std::int64_t steps) {
  if (spacing.kind != "linspace") return discrete_timesteps(spacing, steps);
  auto timesteps = linspace(0, static_cast<double>(spacing.num_train_timesteps - 1), steps);
  for (double& t : timesteps) t = static_cast<float>(t);
  std::reverse(timesteps.begin(), timesteps.end());
  return timesteps;
}

std::vector<double> multistep_timesteps(const Spacing& spacing, std::int64_t steps, std::int64_t last) {
  if (spacing.kind == "trailing") return trailing(last, ratio_of(spacing, steps));
  std::vector<double> timesteps;
  if (spacing.kind == "leading") {
    timesteps = leading(last / (steps + 1), steps + 1, spacing.offset);
  } else {
    timesteps = linspace(0, static_cast<double>(last - 1), steps + 1);
    round_each(timesteps);
    std::reverse(timesteps.begin(), timesteps.end());
  }
  timesteps.pop_back();
  return timesteps;
}

}  // namespace sdw::schedulers
