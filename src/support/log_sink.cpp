#include "support/log_sink.h"

#include <array>
#include <fmt/format.h>
#include <mutex>
#include <spdlog/sinks/base_sink.h>
#include <string>
#include <unistd.h>

#include "support/log_format.h"
#include "support/standard_streams.h"

namespace sdw::log {
namespace {

constexpr std::string_view kPlain = "\033[m";

std::string_view colour_of(Level level) {
  switch (level) {
    case Level::debug:
      return "\033[36m";  // cyan
    case Level::info:
      return "\033[32m";  // green
    case Level::warn:
      return "\033[33m\033[1m";  // bold yellow
    default:
      return "\033[31m\033[1m";  // bold red
  }
}

class StandardErrorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  StandardErrorSink(Format format, std::atomic<std::uint64_t>& unwritten, std::function<void()> on_flush)
      : base_sink(formatter(format)),
        format_(format),
        unwritten_(unwritten),
        on_flush_(std::move(on_flush)),
        terminal_(::isatty(STDERR_FILENO) == 1) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    if (!report_dropped() || !write(message)) ++unwritten_;
  }
  void flush_() override { on_flush_(); }

 private:
  bool report_dropped() {
    const std::uint64_t dropped = dropped_lines();
    if (dropped == reported_) return true;
    const std::string text =
        payload(format_, "log lines were dropped",
                std::array<Field, 1>{{{"lines", static_cast<std::int64_t>(dropped - reported_)}}});
    if (!write({"", Level::warn, text})) return false;
    reported_ = dropped;
    return true;
  }

  bool write(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string_view text(line.data(), line.size());
    if (!terminal_ || message.color_range_end <= message.color_range_start) {
      return write_all(STDERR_FILENO, text);
    }
    const std::string coloured = fmt::format(
        "{}{}{}{}{}", text.substr(0, message.color_range_start), colour_of(message.level),
        text.substr(message.color_range_start, message.color_range_end - message.color_range_start), kPlain,
        text.substr(message.color_range_end));
    return write_all(STDERR_FILENO, coloured);
  }

  const Format format_;
  std::atomic<std::uint64_t>& unwritten_;
  const std::function<void()> on_flush_;
  const bool terminal_;
  std::uint64_t reported_ = 0;
};

}  // namespace

spdlog::sink_ptr standard_error_sink(Format format, std::atomic<std::uint64_t>& unwritten,
                                     std::function<void()> on_flush) {
  return std::make_shared<StandardErrorSink>(format, unwritten, std::move(on_flush));
}

}  // namespace sdw::log
