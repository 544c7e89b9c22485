#include "jobs/job_shape.h"

#include <algorithm>

namespace sdw::jobs {
namespace {

// An output of its input's size has it so.
int rounded_down(int size) {
  return size - size % request::kSizeMultiple;
}

}  // namespace

JobShape shape_of(const JobSpec& spec, const InputPictures& pictures, const ModelDescription& model) {
  const request::SamplingOptions& sampling = spec.request.sampling;
  const io::Picture* input = pictures.input.get();
  JobShape shape;
  shape.step.model = spec.model;
  shape.step.precision = spec.request.variant.precision;
  shape.step.width =
      sampling.width.value_or(input != nullptr ? rounded_down(input->width) : model.default_width);
  shape.step.height =
      sampling.height.value_or(input != nullptr ? rounded_down(input->height) : model.default_height);
  shape.step.guided = sampling.guidance_scale.value_or(model.default_guidance) > 1;
  shape.step.shortcuts = request::shortcuts_of(sampling);
  shape.pictures = spec.request.count;
  shape.steps = sampling.steps.value_or(model.default_steps);
  if (sampling.operation != request::Operation::image_generation) {
    const double strength = sampling.strength.value_or(request::default_strength(sampling.operation));
    shape.steps = std::max(1, static_cast<int>(shape.steps * strength));
  }
  return shape;
}

}  // namespace sdw::jobs
