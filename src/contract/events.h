#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/picture.h"
#include "support/error.h"

namespace sdw::contract {

enum class EventKind { queued, loading, started, progress, preview, complete, error, cancelled };

std::string_view to_string(EventKind kind);  // the `event:` line, and `type` in the data
bool is_terminal(EventKind kind);

struct QueuedEvent {
  int position = 0;                      // 1: next
  std::optional<std::int64_t> eta_ms{};  // until the job is done; null before anything was measured
};

// The job's model is being read.
struct LoadingEvent {
  std::string model;
  int percent = 0;
};

struct StartedEvent {
  std::string model;
  std::uint64_t seed = 0;
  int steps = 0;  // of one picture
};

// Steps of all pictures of the job together.
struct ProgressEvent {
  int step = 0;  // done, 1-based
  int total = 0;
  std::optional<std::int64_t> eta_ms{};
};

struct PreviewEvent {
  ProgressEvent progress;
  int index = 0;      // which picture of the job
  std::string image;  // base64
  io::PictureFormat format = io::PictureFormat::jpeg;
};

struct PictureEntry {
  std::string image;  // base64
  std::uint64_t seed = 0;
};

struct Timings {
  double queue_ms = 0;
  double text_ms = 0;  // everything before the first step: text, input pictures, noise
  double denoise_ms = 0;
  double decode_ms = 0;
  double encode_ms = 0;
  double total_ms = 0;
};

struct CompleteEvent {
  std::string job_id;
  io::PictureFormat format = io::PictureFormat::png;
  int width = 0;
  int height = 0;
  std::vector<PictureEntry> images;  // at least one
  std::string parameters = "{}";     // a JSON object
  Timings timings;
  std::vector<std::string> warnings;
};

struct CancelledEvent {
  std::string reason;
};

// The one `data:` line of each event: JSON without a line break.
std::string event_data(const QueuedEvent& event);
std::string event_data(const LoadingEvent& event);
std::string event_data(const StartedEvent& event);
std::string event_data(const ProgressEvent& event);
std::string event_data(const PreviewEvent& event);
std::string event_data(const CompleteEvent& event);
std::string event_data(const Error& event);
std::string event_data(const CancelledEvent& event);

// The last data line of a stream: "[DONE]", "[ERROR] message" or "[CANCELLED]". `message` is that of an
// error.
std::string closing_line(EventKind terminal, std::string_view message);

// "/v1/jobs/<id>/images/<index>"
std::string image_url(std::string_view job_id, int index);

}  // namespace sdw::contract
