#pragma once

#include "jobs/backend.h"
#include "jobs/job.h"
#include "jobs/step_times.h"

namespace sdw::jobs {

// What a job will ask of its model, as far as it can be told before it begins.
struct JobShape {
  StepShape step;
  int steps = 0;  // of one picture
  int pictures = 1;
};

JobShape shape_of(const JobSpec& spec, const InputPictures& pictures, const ModelDescription& model);

}  // namespace sdw::jobs
