#include "http/sse_writer.h"

#include <array>
#include <atomic>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "contract/events.h"
#include "http/stream_body.h"
#include "http/stream_writer.h"
#include "jobs/stream_reader.h"

namespace sdw::http {
namespace {

constexpr std::size_t kEventsAtOnce = 16;
constexpr std::chrono::milliseconds kProbePeriod{100};  // heartbeat of a stream whose reader may have gone
constexpr std::size_t kMaxChatter = 64 << 10;           // bytes a reader may send while it reads

// A wake-up that comes from any thread and is waited for on the I/O thread. Several count as one.
class Signal : public std::enable_shared_from_this<Signal> {
 public:
  explicit Signal(Executor executor) : executor_(std::move(executor)), timer_(executor_) {}

  void raise() {
    if (posted_.exchange(true)) return;
    net::post(executor_, [self = shared_from_this()] {
      self->posted_ = false;
      self->raised_ = true;
      self->timer_.cancel();
    });
  }

  // False where nothing came within `limit`.
  Task<bool> wait(std::chrono::milliseconds limit) {
    error_code error;
    if (!raised_) {
      timer_.expires_after(limit);
      co_await timer_.async_wait(await_or(error));
    }
    co_return std::exchange(raised_, false);
  }

 private:
  Executor executor_;
  Timer timer_;
  std::atomic<bool> posted_{false};
  bool raised_ = false;  // I/O thread only
};

class OpenStream {
 public:
  explicit OpenStream(HttpMetrics& metrics) : metrics_(metrics) { metrics_.stream_opened(); }
  ~OpenStream() { metrics_.stream_closed(); }
  OpenStream(const OpenStream&) = delete;
  OpenStream& operator=(const OpenStream&) = delete;

 private:
  HttpMetrics& metrics_;
};

// Ends when the connection does. The end of what the reader sends is no such end: it may have closed its half
// only. Whether it is still there shows when something is written.
Task<void> watch_reader(Transport& transport, Signal& signal, bool& half_closed) {
  std::array<char, 256> discarded;
  error_code error;
  for (std::size_t total = 0; !error && total < kMaxChatter;) {
    total += co_await transport.read_some(discarded, Transport::TimePoint::max(), error);
  }
  if (error != net::error::eof) co_return;
  half_closed = true;
  signal.raise();
  Timer until_the_last_event(co_await net::this_coro::executor, Timer::time_point::max());
  co_await until_the_last_event.async_wait(await_or(error));
}

Task<error_code> write_one(StreamWriter& out, std::string_view text) {
  const std::array<std::string_view, 1> parts = {text};
  co_return co_await out.write(parts);
}

Task<error_code> write_event(StreamWriter& out, const jobs::Event& event) {
  const std::string head =
      fmt::format("id: {}\nevent: {}\ndata: ", event.id, contract::to_string(event.kind));
  const std::array<std::string_view, 3> parts = {head, *event.data, "\n\n"};
  co_return co_await out.write(parts);
}

Task<void> write_events(StreamWriter& out, jobs::StreamReader& reader, Signal& signal,
                        const bool& half_closed) {
  while (true) {
    const std::vector<jobs::Event> events = reader.read(kEventsAtOnce);
    for (const jobs::Event& event : events) {
      if (co_await write_event(out, event)) co_return;
    }
    if (reader.at_end()) break;
    const auto heartbeat = half_closed ? kProbePeriod : out.limits().stream_heartbeat;
    if (events.size() == kEventsAtOnce || co_await signal.wait(heartbeat)) continue;
    if (co_await write_one(out, ":\n\n")) co_return;
  }
  const std::string closing = fmt::format("data: {}\n\n", reader.closing_line());
  co_await write_one(out, closing);
}

class JobEvents final : public StreamBody {
 public:
  JobEvents(jobs::AppState& app, HttpMetrics& metrics, std::shared_ptr<jobs::Job> job,
            std::string last_event_id)
      : app_(app), metrics_(metrics), job_(std::move(job)), last_event_id_(std::move(last_event_id)) {}

  Task<void> write(StreamWriter& out) override {
    using namespace net::experimental::awaitable_operators;
    const OpenStream open(metrics_);
    const auto signal = std::make_shared<Signal>(co_await net::this_coro::executor);
    jobs::StreamReader reader(app_, job_, last_event_id_, [signal] { signal->raise(); });
    bool half_closed = false;
    co_await (write_events(out, reader, *signal, half_closed) ||
              watch_reader(out.transport(), *signal, half_closed));
  }

 private:
  jobs::AppState& app_;
  HttpMetrics& metrics_;
  const std::shared_ptr<jobs::Job> job_;
  const std::string last_event_id_;
};

}  // namespace

std::shared_ptr<StreamBody> job_events(jobs::AppState& app, HttpMetrics& metrics,
                                       std::shared_ptr<jobs::Job> job, std::string last_event_id) {
  return std::make_shared<JobEvents>(app, metrics, std::move(job), std::move(last_event_id));
}

}  // namespace sdw::http
