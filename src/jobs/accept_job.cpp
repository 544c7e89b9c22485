#include "jobs/accept_job.h"

#include <algorithm>
#include <chrono>
#include <fmt/format.h>
#include <functional>
#include <random>
#include <span>
#include <utility>

#include "io/base64.h"
#include "io/printable.h"
#include "jobs/content_digest.h"
#include "jobs/forecast.h"
#include "jobs/job_shape.h"

namespace sdw::jobs {
namespace {

// A picture's errors carry the name of its field.
Result<std::shared_ptr<const io::Picture>> decode(const std::string& text, const char* field,
                                                  const contract::Limits& limits) {
  const auto with_field = [field](Error error) {
    error.param = field;
    error.message = fmt::format("{}: {}", field, error.message);
    return error;
  };
  const Result<std::vector<std::byte>> bytes = io::decode_base64_picture(text, limits.picture_bytes);
  if (!bytes) return with_field(bytes.error());
  Result<io::Picture> picture = io::decode_picture(*bytes, {limits.picture_pixels});
  if (!picture) return with_field(picture.error());
  return std::make_shared<const io::Picture>(std::move(picture).value());
}

// The decoded pictures; their text is let go.
Result<InputPictures> take_pictures(contract::JobRequest& request, const contract::Limits& limits) {
  InputPictures pictures;
  const bool inpaint = request.sampling.operation == request::Operation::image_inpaint;
  if (const std::string text = std::exchange(request.input_image, {}); !text.empty()) {
    auto picture = decode(text, inpaint ? "init_image" : "input_image", limits);
    if (!picture) return picture.error();
    pictures.input = std::move(picture).value();
  }
  if (const std::string text = std::exchange(request.mask_image, {}); !text.empty()) {
    auto picture = decode(text, "mask_image", limits);
    if (!picture) return picture.error();
    pictures.mask = std::move(picture).value();
  }
  return pictures;
}

// The precision that models are run in anyway is not named, so that their plain weights serve it.
Status check_precision(std::string& precision, const std::vector<std::string>& known) {
  if (precision.empty()) return ok_status();
  if (std::ranges::find(known, precision) == known.end()) {
    return Error{ErrorCode::invalid_request,
                 fmt::format("this worker runs models in {}, not in {}", fmt::join(known, " or "),
                             io::printable(precision, 60)),
                 "precision"};
  }
  if (precision == known.front()) precision.clear();
  return ok_status();
}

Status check_loras(const std::vector<contract::LoraRequest>& loras, const Backend& backend) {
  for (const contract::LoraRequest& lora : loras) {
    if (backend.has_lora(lora.name)) continue;
    return Error{ErrorCode::invalid_request, fmt::format("no LoRA is named {}", io::printable(lora.name, 60)),
                 "loras"};
  }
  return ok_status();
}

Status check_idempotency_key(std::string_view key) {
  const bool printable = std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (key.size() <= 255 && printable) return ok_status();
  return Error{ErrorCode::invalid_request, "an Idempotency-Key has at most 255 printable ASCII characters",
               "Idempotency-Key"};
}

// 32 bits, so that a seed survives clients whose numbers are doubles.
std::uint64_t drawn_seed() {
  return std::random_device()() & 0xffffffffu;
}

Deadline deadline_of(const contract::JobRequest& request) {
  if (!request.timeout_s) return {};
  using Seconds = std::chrono::duration<double>;
  return Deadline::after(std::chrono::duration_cast<Deadline::Clock::duration>(Seconds(*request.timeout_s)));
}

// Tells a job its place while the queue holds it.
std::function<void(int)> queued_reporter(AppState& app, Job& job) {
  const auto waiting = app.queue.entries();
  const auto etas =
      waiting_etas(waiting, app.engine.load(), app.times, app.models, app.settings.engine.max_batch);
  std::optional<double> own_ms;
  if (const auto model = app.models.description(job.spec().model)) {
    const JobShape shape = shape_of(job.spec(), job.pictures(), *model);
    own_ms = app.times.job_ms(shape.step, shape.steps, shape.pictures, app.settings.engine.max_batch);
  }
  const auto busy_ms = app.engine.load().busy_ms;
  return [&job, etas, own_ms, busy_ms](int position) {
    const auto ahead = static_cast<std::size_t>(position - 1);
    const auto before_ms = ahead == 0 ? busy_ms : ahead <= etas.size() ? etas[ahead - 1] : std::nullopt;
    contract::QueuedEvent event{position};
    if (before_ms && own_ms) event.eta_ms = *before_ms + static_cast<std::int64_t>(*own_ms);
    job.report_queued(event);
  };
}

Status check_size(const AppState& app, const JobSpec& spec) {
  if (const io::Picture* input = spec.pictures.input.get()) {
    Status status = request::check_input_size(spec.request.sampling, input->width, input->height);
    if (!status) return status.error();
  }
  const auto model = app.models.description(spec.model);
  if (!model) return ok_status();  // gone since
  const StepShape step = shape_of(spec, spec.pictures, *model).step;
  return contract::check_output_pixels(step.width, step.height, app.limits);
}

}  // namespace

Result<Accepted> accept_job(AppState& app, std::string_view body, std::string_view idempotency_key) {
  if (Status status = check_idempotency_key(idempotency_key); !status) return status.error();
  IdempotencyKey key{std::string(idempotency_key), {}};
  if (!key.key.empty()) key.fingerprint = content_digest(std::as_bytes(std::span(body)));
  Result<std::shared_ptr<Job>> known = app.registry.find_replayed(key);
  if (!known) return known.error();
  if (*known) return Accepted{std::move(known).value(), true};
  Result<contract::JobRequest> request = contract::parse_job_request(body, app.limits);
  if (!request) return request.error();
  return accept_job(app, std::move(request).value(), key);
}

Result<Accepted> accept_job(AppState& app, contract::JobRequest request, const IdempotencyKey& key) {
  Result<std::shared_ptr<Job>> known = app.registry.find_replayed(key);
  if (!known) return known.error();
  if (*known) return Accepted{std::move(known).value(), true};
  // Before the pictures are decoded, which may be for nothing.
  if (Status status = app.queue.admits({}); !status) return status.error();
  Result<std::string> model = app.models.resolve(request.model);
  if (!model) return model.error();
  contract::ModelVariant& variant = request.variant;
  if (Status status = check_precision(variant.precision, app.backend.precisions()); !status) {
    return status.error();
  }
  if (Status status = check_loras(variant.loras, app.backend); !status) return status.error();
  Result<InputPictures> pictures = take_pictures(request, app.limits);
  if (!pictures) return pictures.error();
  if (const auto loaded = app.models.peek(*model)) {
    if (Status status = loaded->check(request, *pictures); !status) return status.error();
  }

  JobSpec spec;
  spec.seed = request.seed.value_or(drawn_seed());
  spec.deadline = deadline_of(request);
  spec.request = std::move(request);
  spec.model = std::move(model).value();
  spec.pictures = std::move(pictures).value();
  if (Status status = check_size(app, spec); !status) return status.error();
  Result<JobRegistry::Created> created =
      app.registry.create(std::move(spec), key, [&app](const std::shared_ptr<Job>& job) -> Status {
        const Result<int> position = app.queue.push(job, queued_reporter(app, *job));
        if (!position) return position.error();
        return ok_status();
      });
  if (!created) return created.error();
  if (!created->replayed) app.observer.job_accepted();
  return Accepted{std::move(created->job), created->replayed};
}

}  // namespace sdw::jobs
