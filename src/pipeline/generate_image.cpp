#include "pipeline/generate_image.h"

#include "pipeline/latents.h"
#include "pipeline/picture_tensor.h"
#include "support/stopwatch.h"

namespace sdw::pipeline {
namespace {

std::optional<Error> stop_reason(const CancelToken& cancel, const Deadline& deadline) {
  if (cancel.cancelled()) return Error{ErrorCode::cancelled, "cancelled"};
  if (deadline.passed()) return Error{ErrorCode::deadline_exceeded, "the deadline has passed"};
  return std::nullopt;
}

}  // namespace

Result<GenerationResult> generate_image(const ModelComponents& model, const GenerationRequest& request,
                                        const TextEmbeddings& embeddings, const CancelToken& cancel,
                                        const Deadline& deadline, const GenerationEvents& events) {
  GenerationResult result;
  const StopCheck stop = [&] { return stop_reason(cancel, deadline).has_value(); };
  const Stopwatch denoise;
  auto begun = begin_generation(model, request, embeddings, stop);
  if (auto reason = stop_reason(cancel, deadline)) return *reason;
  if (!begun) return begun.error();
  Generation& generation = *begun;
  auto& sampler = *generation.sampler;
  Stopwatch step;
  for (int done = 0; !sampler.done();) {
    if (auto reason = stop_reason(cancel, deadline)) return *reason;
    Generation* const one[] = {&generation};
    denoise_step(model, one);
    if (sampler.steps_done() == done) continue;
    done = sampler.steps_done();
    result.timings.per_step_ms.push_back(step.milliseconds());
    step = Stopwatch();
    if (events.on_step) events.on_step({done, sampler.steps()});
  }
  result.timings.denoise_ms = denoise.milliseconds();

  if (auto reason = stop_reason(cancel, deadline)) return *reason;
  if (events.on_denoised) events.on_denoised();
  const Stopwatch decode;
  const auto image = decode_latents(model, sampler.latents(), stop);
  if (auto reason = stop_reason(cancel, deadline)) return *reason;
  if (!image) return image.error();
  result.picture = tensor_to_image(*image);
  result.timings.decode_ms = decode.milliseconds();
  return result;
}

}  // namespace sdw::pipeline
