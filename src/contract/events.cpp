#include "contract/events.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "contract/error_body.h"
#include "contract/error_table.h"
#include "contract/json_text.h"

namespace sdw::contract {
namespace {

using nlohmann::json;

json nullable(const std::optional<std::int64_t>& value) {
  return value ? json(*value) : json(nullptr);
}

// Base64 needs no escaping.
std::string quoted_base64(std::string_view image) {
  return fmt::format("\"{}\"", image);
}

double rounded_ms(double ms) {
  return std::round(ms * 1000) / 1000;
}

json progress_fields(const ProgressEvent& event, EventKind kind) {
  const double percent = event.total > 0 ? std::round(1000.0 * event.step / event.total) / 10 : 0;
  return {{"type", to_string(kind)},
          {"step", event.step},
          {"total", event.total},
          {"percent", percent},
          {"eta_ms", nullable(event.eta_ms)}};
}

json timing_fields(const Timings& timings) {
  return {{"queue_ms", rounded_ms(timings.queue_ms)},     {"text_ms", rounded_ms(timings.text_ms)},
          {"denoise_ms", rounded_ms(timings.denoise_ms)}, {"decode_ms", rounded_ms(timings.decode_ms)},
          {"encode_ms", rounded_ms(timings.encode_ms)},   {"total_ms", rounded_ms(timings.total_ms)}};
}

}  // namespace

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::queued:
      return "queued";
    case EventKind::loading:
      return "loading";
    case EventKind::started:
      return "started";
    case EventKind::progress:
      return "progress";
    case EventKind::preview:
      return "preview";
    case EventKind::complete:
      return "complete";
    case EventKind::error:
      return "error";
    case EventKind::cancelled:
      return "cancelled";
  }
  return "";
}

bool is_terminal(EventKind kind) {
  return kind == EventKind::complete || kind == EventKind::error || kind == EventKind::cancelled;
}

std::string event_data(const QueuedEvent& event) {
  return json_text({{"type", "queued"}, {"position", event.position}, {"eta_ms", nullable(event.eta_ms)}});
}

std::string event_data(const LoadingEvent& event) {
  return json_text({{"type", "loading"}, {"model", event.model}, {"percent", event.percent}});
}

std::string event_data(const StartedEvent& event) {
  return json_text(
      {{"type", "started"}, {"model", event.model}, {"seed", event.seed}, {"steps", event.steps}});
}

std::string event_data(const ProgressEvent& event) {
  return json_text(progress_fields(event, EventKind::progress));
}

std::string event_data(const PreviewEvent& event) {
  json fields = progress_fields(event.progress, EventKind::preview);
  fields["index"] = event.index;
  fields["format"] = io::to_string(event.format);
  return with_member(json_text(fields), "image", quoted_base64(event.image));
}

std::string event_data(const CompleteEvent& event) {
  if (event.images.empty()) throw std::invalid_argument("a complete event needs a picture");
  json fields{{"type", "complete"},
              {"format", io::to_string(event.format)},
              {"seed", event.images.front().seed},
              {"width", event.width},
              {"height", event.height},
              {"image_url", image_url(event.job_id, 0)},
              {"timings", timing_fields(event.timings)}};
  if (!event.warnings.empty()) fields["warnings"] = event.warnings;
  std::string images = "[";
  for (std::size_t i = 0; i < event.images.size(); ++i) {
    const json entry{{"seed", event.images[i].seed},
                     {"image_url", image_url(event.job_id, static_cast<int>(i))}};
    if (i > 0) images += ',';
    images += with_member(json_text(entry), "image", quoted_base64(event.images[i].image));
  }
  images += ']';
  std::string text = with_member(json_text(fields), "parameters", event.parameters);
  text = with_member(std::move(text), "image", quoted_base64(event.images.front().image));
  return with_member(std::move(text), "images", images);
}

std::string event_data(const Error& event) {
  json fields{{"type", "error"}, {"message", public_message(event)}, {"code", error_entry(event.code).name}};
  if (!event.param.empty()) fields["param"] = event.param;
  return json_text(fields);
}

std::string event_data(const CancelledEvent& event) {
  return json_text({{"type", "cancelled"}, {"reason", event.reason}});
}

std::string closing_line(EventKind terminal, std::string_view message) {
  switch (terminal) {
    case EventKind::complete:
      return "[DONE]";
    case EventKind::cancelled:
      return "[CANCELLED]";
    case EventKind::error:
      break;
    default:
      throw std::invalid_argument("closing_line: not a terminal event");
  }
  std::string line = fmt::format("[ERROR] {}", message);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return line;
}

std::string image_url(std::string_view job_id, int index) {
  return fmt::format("/v1/jobs/{}/images/{}", job_id, index);
}

}  // namespace sdw::contract
