#include "support/log.h"

#include <atomic>
#include <boost/core/demangle.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <spdlog/async.h>
#include <spdlog/spdlog.h>
#include <typeinfo>
#include <utility>
#include <vector>

#include "support/log_format.h"
#include "support/log_sink.h"

namespace sdw::log {
namespace {

using Queue = spdlog::details::thread_pool;

constexpr std::size_t kQueuedLines = 4096;

std::atomic<Format> current_format{Format::text};
std::atomic<std::uint64_t> lost{0};  // could not be made, or could not be written
std::atomic<Queue*> lines{nullptr};  // once there are queued ones

// What the queue's thread tells close(). Neither this nor the queue is ever destroyed: the thread may hang in
// a write when the process ends.
struct Flush {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};

Flush& flush() {
  static auto* const held = new Flush();
  return *held;
}

void end_flush() {
  const std::lock_guard lock(flush().mutex);
  flush().done = true;
  flush().changed.notify_all();
}

std::shared_ptr<Queue> queue() {
  static auto* const held =
      new std::shared_ptr<Queue>(std::make_shared<Queue>(kQueuedLines, /*threads_n=*/1));
  lines = held->get();
  return *held;
}

std::shared_ptr<spdlog::logger> make_logger(Format format, Delivery delivery) {
  spdlog::sink_ptr sink = standard_error_sink(format, lost, end_flush);
  if (delivery == Delivery::at_once) return std::make_shared<spdlog::logger>("sd-worker", std::move(sink));
  return std::make_shared<spdlog::async_logger>("sd-worker", std::move(sink), queue(),
                                                spdlog::async_overflow_policy::overrun_oldest);
}

}  // namespace

void configure(std::string_view level, Format format, Delivery delivery) {
  auto logger = make_logger(format, delivery);
  logger->set_level(spdlog::level::from_str(std::string(level)));
  // The library's own handler writes to standard error, from the thread that logs.
  logger->set_error_handler([](const std::string&) { ++lost; });
  current_format = format;
  spdlog::set_default_logger(std::move(logger));
}

void close(std::chrono::milliseconds limit) noexcept {
  if (lines == nullptr) return;
  spdlog::default_logger_raw()->flush();
  std::unique_lock lock(flush().mutex);
  flush().changed.wait_for(lock, limit, [] { return flush().done; });
}

std::uint64_t dropped_lines() noexcept {
  Queue* const queued = lines;
  return lost + (queued != nullptr ? queued->overrun_counter() : 0);
}

bool enabled(Level level) noexcept {
  return spdlog::default_logger_raw()->should_log(level);
}

void event(Level level, std::string_view message, std::span<const Field> fields) noexcept {
  if (!enabled(level)) return;
  try {
    const std::string text = payload(current_format, message, fields);
    spdlog::default_logger_raw()->log(level, spdlog::string_view_t(text.data(), text.size()));
  } catch (...) {
    ++lost;
  }
}

void notice(std::string_view message) noexcept {
  event(kNotice, message, {});
}

void unexpected(const std::exception& exception, std::string_view text,
                std::initializer_list<Field> fields) noexcept {
  try {
    std::vector<Field> all = {{"type", boost::core::demangle(typeid(exception).name())}};
    all.insert(all.end(), fields.begin(), fields.end());
    event(Level::err, "unexpected exception", all);
    all.push_back({"text", std::string(text)});
    event(Level::debug, "unexpected exception", all);
  } catch (...) {
    ++lost;
  }
}

}  // namespace sdw::log
