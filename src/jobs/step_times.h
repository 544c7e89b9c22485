#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "request/sampling_options.h"

namespace sdw::jobs {

// What decides how long a step takes.
struct StepShape {
  std::string model;
  int width = 0;
  int height = 0;
  bool guided = false;
  request::Shortcuts shortcuts;  // what they leave out is spread over all steps
  std::string precision{};       // empty: the worker's own

  auto operator<=>(const StepShape&) const = default;
};

// Measured durations in ms, as running means that follow changes. Safe from any thread.
class StepTimes {
 public:
  // One UNet call over `batch` generations.
  void record_step(const StepShape& shape, int batch, double ms);
  // Everything of one picture that is no step: text, noise, decode.
  void record_overhead(const StepShape& shape, double ms);

  // One step of one picture, as its share of a call over `batch`. A shape that was never measured is taken
  // from the measured one of the same model that is nearest in pixels; nothing where the model was never
  // measured.
  std::optional<double> step_ms(const StepShape& shape, int batch) const;
  std::optional<double> overhead_ms(const StepShape& shape) const;
  // `pictures` whole ones of `steps` steps, run by themselves.
  std::optional<double> job_ms(const StepShape& shape, int steps, int pictures, int max_batch) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<StepShape, int>, double> steps_;
  std::map<StepShape, double> overheads_;
};

}  // namespace sdw::jobs
