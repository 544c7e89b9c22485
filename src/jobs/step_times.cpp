#include "jobs/step_times.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

namespace sdw::jobs {
namespace {

constexpr double kWeightOfNew = 0.3;
constexpr std::size_t kMaxShapes = 4096;

template <class Map, class Key>
void blend(Map& means, const Key& key, double ms) {
  const auto at = means.find(key);
  if (at != means.end()) {
    at->second += kWeightOfNew * (ms - at->second);
    return;
  }
  if (means.size() >= kMaxShapes) means.erase(means.begin());
  means.emplace(key, ms);
}

bool same_weights(const StepShape& a, const StepShape& b) {
  return a.model == b.model && a.precision == b.precision;
}

// Work of the mean step: pixels, twice with guidance, less where shortcuts leave some of it out.
double work(const StepShape& shape) {
  constexpr double kShallow = 0.1;  // of a whole evaluation, about
  const request::Shortcuts& shortcuts = shape.shortcuts;
  const double guidance_end = std::min(shortcuts.guidance_end, shortcuts.cross_attention_end);
  const double guided = shape.guided ? std::max(0.0, guidance_end - shortcuts.guidance_start) : 0;
  const double interval = shortcuts.deep_cache_interval;
  const double whole = (1 + kShallow * (interval - 1)) / interval;
  return static_cast<double>(std::int64_t{shape.width} * shape.height) * (1 + guided) * whole;
}

}  // namespace

void StepTimes::record_step(const StepShape& shape, int batch, double ms) {
  const std::lock_guard lock(mutex_);
  blend(steps_, std::pair(shape, batch), ms);
}

void StepTimes::record_overhead(const StepShape& shape, double ms) {
  const std::lock_guard lock(mutex_);
  blend(overheads_, shape, ms);
}

std::optional<double> StepTimes::step_ms(const StepShape& shape, int batch) const {
  const std::lock_guard lock(mutex_);
  std::optional<double> best;
  double best_distance = 0;
  for (const auto& [key, ms] : steps_) {
    const auto& [measured, measured_batch] = key;
    if (!same_weights(measured, shape)) continue;
    // The shape matters more than the batch, which only changes how well the device is used.
    const double ratio = work(shape) / work(measured);
    const double distance =
        10 * std::abs(std::log(ratio)) + std::abs(std::log(double(batch) / measured_batch));
    if (best && distance >= best_distance) continue;
    best = ms / measured_batch * ratio;
    best_distance = distance;
  }
  return best;
}

std::optional<double> StepTimes::overhead_ms(const StepShape& shape) const {
  const std::lock_guard lock(mutex_);
  std::optional<double> best;
  double best_distance = 0;
  for (const auto& [measured, ms] : overheads_) {
    if (!same_weights(measured, shape)) continue;
    const double ratio = double(shape.width) * shape.height / (double(measured.width) * measured.height);
    const double distance = std::abs(std::log(ratio));
    if (best && distance >= best_distance) continue;
    best = ms * ratio;
    best_distance = distance;
  }
  return best;
}

std::optional<double> StepTimes::job_ms(const StepShape& shape, int steps, int pictures,
                                        int max_batch) const {
  const std::optional<double> step = step_ms(shape, std::min(pictures, max_batch));
  if (!step) return std::nullopt;
  return pictures * (steps * *step + overhead_ms(shape).value_or(0));
}

}  // namespace sdw::jobs
