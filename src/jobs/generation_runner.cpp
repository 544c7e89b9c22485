#include "jobs/generation_runner.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "io/base64.h"
#include "jobs/job_shape.h"
#include "support/exceptions.h"

namespace sdw::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPreviewQuality = 80;  // JPEG

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The answer of a call into a model, whose exceptions become errors.
template <class Call>
auto guarded(Call&& call) -> decltype(call()) {
  try {
    return call();
  } catch (...) {
    return error_from_exception(std::current_exception());
  }
}

}  // namespace

GenerationRunner::GenerationRunner(WorkerPool& encoders, StepTimes& times, Observer& observer, Wakeup& wakeup,
                                   int max_batch, std::function<std::optional<Error>()> end_of_all)
    : encoders_(encoders),
      times_(times),
      observer_(observer),
      wakeup_(wakeup),
      max_batch_(max_batch),
      end_of_all_(std::move(end_of_all)) {}

GenerationRunner::~GenerationRunner() {
  while (encoding_ > 0) wakeup_.wait_until(Clock::now() + std::chrono::milliseconds(100));
}

void GenerationRunner::begin_job(const RequestQueue::Rank& rank, std::shared_ptr<Job> job, ModelLease model) {
  ActiveJob active;
  active.rank = rank;
  active.pictures = job->pictures();
  active.timings.queue_ms = ms_since(job->accepted_at());
  active.shape = shape_of(job->spec(), active.pictures, model->description()).step;
  active.job = std::move(job);
  active.model = std::move(model);
  begin_picture(active_.add(std::move(active)));
}

void GenerationRunner::begin_picture(ActiveJob& active) {
  Job& job = *active.job;
  const Clock::time_point start = Clock::now();
  ActiveGeneration one;
  one.owner = &active;
  one.index = active.begun;
  const PictureSpec spec{&job.spec().request, active.pictures,
                         job.spec().seed + static_cast<std::uint64_t>(one.index)};
  auto generation = guarded([&] { return active.model->begin(spec, stop_check(job)); });
  if (!generation) return fail(active, generation.error());
  one.generation = std::move(generation).value();
  one.begin_ms = ms_since(start);
  active.timings.text_ms += one.begin_ms;

  if (active.begun++ == 0) {
    const Generation& first = *one.generation;
    active.steps = first.steps();
    observer_.job_started(active.timings.queue_ms / 1000);
    job.start({job.spec().model, job.spec().seed, active.steps}, active.total_steps(), first.settings());
    active.assembly = std::make_shared<ResultAssembly>(active.job, first.warnings(), observer_);
  }
  active_.add(std::move(one));
}

bool GenerationRunner::advance() {
  if (ActiveGeneration* done = active_.next_done()) {
    finish(*done);
  } else if (active_.generations() > 0) {
    step();
  } else {
    return false;
  }
  return true;
}

void GenerationRunner::finish(ActiveGeneration& done) {
  ActiveJob& active = *done.owner;
  const Clock::time_point start = Clock::now();
  Result<io::Picture> picture =
      guarded([&] { return active.model->finish(*done.generation, stop_check(*active.job)); });
  if (!picture) return fail(active, picture.error());
  const double decode_ms = ms_since(start);
  active.timings.decode_ms += decode_ms;
  times_.record_overhead(active.shape, done.begin_ms + decode_ms);
  const int index = done.index;
  active_.remove(done);
  encode(active, index, std::move(picture).value(), decode_ms);
  if (++active.decoded == active.count()) active_.remove(active);
}

void GenerationRunner::encode(ActiveJob& active, int index, io::Picture picture, double decode_ms) {
  active.assembly->set_timings(active.timings);
  ++encoding_;
  const auto shared = std::make_shared<const io::Picture>(std::move(picture));
  const auto task = [this, assembly = active.assembly, index, shared, decode_ms] {
    assembly->add(index, *shared, decode_ms / 1000);
    Wakeup& wakeup = wakeup_;  // with the last picture encoded, the runner may be gone
    --encoding_;
    wakeup.notify();
  };
  if (!encoders_.submit(task)) task();
}

void GenerationRunner::step() {
  const std::vector<ActiveGeneration*> batch = active_.next_batch(max_batch_);
  try {
    evaluate(batch);
  } catch (...) {
    if (batch.size() == 1) {
      return fail(*batch.front()->owner, error_from_exception(std::current_exception()));
    }
    // Whoever is to blame fails alone; those that have moved on already have nothing to repeat.
    for (ActiveGeneration* one : batch) {
      if (one->generation->evaluations() != one->evaluations_seen) continue;
      try {
        evaluate({&one, 1});
      } catch (...) {
        one->owner->job->fail(error_from_exception(std::current_exception()));
      }
    }
  }
  for (ActiveGeneration* one : batch) report_step(*one);
  sweep();
}

void GenerationRunner::evaluate(std::span<ActiveGeneration* const> batch) {
  std::vector<Generation*> generations;
  for (const ActiveGeneration* one : batch) generations.push_back(one->generation.get());
  const Clock::time_point start = Clock::now();
  batch.front()->owner->model->step(generations);
  const double ms = ms_since(start);
  const StepShape& shape = batch.front()->owner->shape;
  times_.record_step(shape, static_cast<int>(batch.size()), ms);
  observer_.step_done(shape, static_cast<int>(batch.size()), ms / 1000);
  const ActiveJob* counted = nullptr;  // pictures of one job are neighbours
  for (const ActiveGeneration* one : batch) {
    if (one->owner != counted) one->owner->timings.denoise_ms += ms;
    counted = one->owner;
  }
}

void GenerationRunner::report_step(ActiveGeneration& one) {
  ActiveJob& active = *one.owner;
  Generation& generation = *one.generation;
  one.evaluations_seen = generation.evaluations();
  if (active.job->ended()) return;
  if (generation.failure()) {
    active.job->fail(*generation.failure());
    return;
  }
  const int steps = generation.steps_done() - one.steps_seen;
  if (steps == 0) return;  // one of several evaluations
  one.steps_seen += steps;
  active.steps_done += steps;
  const contract::ProgressEvent progress{active.steps_done, active.total_steps(), remaining_ms(active)};
  active.job->report_progress(progress);
  const int every = active.job->spec().request.preview_every;
  if (every > 0 && one.steps_seen % every == 0) report_preview(one, progress);
}

// A preview that cannot be had is left out; the job goes on.
void GenerationRunner::report_preview(ActiveGeneration& one, const contract::ProgressEvent& progress) {
  const Result<io::Picture> picture = guarded([&] { return one.owner->model->preview(*one.generation); });
  if (!picture) return;
  const auto bytes = io::encode_picture(*picture, io::PictureFormat::jpeg, kPreviewQuality);
  if (!bytes) return;
  one.owner->job->report_preview({progress, one.index, io::encode_base64(*bytes), io::PictureFormat::jpeg});
}

// A call that was given up says so; why is known better here.
void GenerationRunner::fail(ActiveJob& active, Error error) {
  if (error.code == ErrorCode::cancelled) end_overdue(*active.job);
  active.job->fail(std::move(error));
  active_.remove(active);
}

StopCheck GenerationRunner::stop_check(const Job& job) const {
  return [this, &job] { return job.ended() || job.spec().deadline.passed() || end_of_all_().has_value(); };
}

// Does nothing to a job that has ended, or has no reason to end.
void GenerationRunner::end_overdue(Job& job) {
  if (job.spec().deadline.passed()) {
    job.fail({ErrorCode::deadline_exceeded, "the job was not done within its timeout_s"});
  }
  if (std::optional<Error> end = end_of_all_()) job.fail(*std::move(end));
}

void GenerationRunner::sweep() {
  for (std::size_t i = 0; i < active_.jobs().size();) {
    ActiveJob& active = *active_.jobs()[i];
    end_overdue(*active.job);
    if (active.job->ended()) {
      active_.remove(active);
    } else {
      ++i;
    }
  }
}

void GenerationRunner::fail_all(const Error& error) {
  while (!active_.empty()) fail(*active_.jobs().front(), error);
}

std::optional<std::int64_t> GenerationRunner::remaining_ms(const ActiveJob& active) const {
  const int pictures = active.count() - active.decoded;
  const auto step = times_.step_ms(active.shape, std::min(pictures, max_batch_));
  if (!step) return std::nullopt;
  const double steps_ms = *step * (active.total_steps() - active.steps_done);
  return static_cast<std::int64_t>(steps_ms + pictures * times_.overhead_ms(active.shape).value_or(0));
}

}  // namespace sdw::jobs
