#include "jobs/result_assembly.h"

#include <chrono>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <utility>

#include "contract/json_text.h"
#include "io/base64.h"
#include "support/exceptions.h"

namespace sdw::jobs {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// FNV-1a over the bytes, and their number.
std::string etag_of(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  return fmt::format("{:016x}-{:x}", hash, bytes.size());
}

}  // namespace

ResultAssembly::ResultAssembly(std::shared_ptr<Job> job, const std::vector<std::string>& warnings,
                               Observer& observer)
    : job_(std::move(job)),
      warnings_(job_->spec().request.warnings),
      observer_(observer),
      pictures_(static_cast<std::size_t>(job_->spec().request.count)),
      missing_(pictures_.size()) {
  warnings_.insert(warnings_.end(), warnings.begin(), warnings.end());
}

void ResultAssembly::set_timings(const contract::Timings& timings) {
  const std::lock_guard lock(mutex_);
  const double encode_ms = timings_.encode_ms;
  timings_ = timings;
  timings_.encode_ms = encode_ms;
}

void ResultAssembly::add(int index, const io::Picture& picture, double decode_seconds) {
  if (job_->ended()) return;
  const contract::JobRequest& request = job_->spec().request;
  try {
    const Clock::time_point start = Clock::now();
    Result<std::vector<std::byte>> bytes =
        io::encode_picture(picture, request.output_format, request.quality);
    if (!bytes) {
      job_->fail(bytes.error());
      return;
    }
    const double encode_ms = ms_since(start);
    observer_.picture_made(bytes->size(), decode_seconds, encode_ms / 1000);
    ResultPicture made;
    made.seed = job_->spec().seed + static_cast<std::uint64_t>(index);
    made.etag = etag_of(*bytes);
    made.bytes = std::move(bytes).value();

    bool last = false;
    {
      const std::lock_guard lock(mutex_);
      pictures_[static_cast<std::size_t>(index)] = std::move(made);
      timings_.encode_ms += encode_ms;
      width_ = picture.width;
      height_ = picture.height;
      last = --missing_ == 0;
    }
    if (last) complete();
  } catch (...) {
    job_->fail(error_from_exception(std::current_exception()));
  }
}

// Only the thread that added the last picture gets here, so nothing else is touching the parts any more.
void ResultAssembly::complete() {
  const JobSpec& spec = job_->spec();
  auto result = std::make_shared<JobResult>();
  contract::CompleteEvent event;
  event.job_id = job_->id();
  event.format = result->format = spec.request.output_format;
  event.width = result->width = width_;
  event.height = result->height = height_;
  event.warnings = warnings_;
  event.parameters = contract::json_text(*job_->status().parameters);
  for (std::optional<ResultPicture>& picture : pictures_) {
    event.images.push_back({io::encode_base64(picture->bytes), picture->seed});
    result->pictures.push_back(*std::move(picture));
  }
  event.timings = timings_;
  event.timings.total_ms = ms_since(job_->accepted_at());
  if (spec.deadline.passed()) {
    job_->fail({ErrorCode::deadline_exceeded, "the job was not done within its timeout_s"});
    return;
  }
  result->document = std::make_shared<const std::string>(contract::event_data(event));
  job_->complete(std::move(result));
}

}  // namespace sdw::jobs
