#include "support/log.h"

#include <atomic>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <string>

#include "support/log_format.h"

namespace sdw::log {
namespace {

std::atomic<Format> current_format{Format::text};

}  // namespace

void configure(std::string_view level, Format format) {
  auto logger =
      std::make_shared<spdlog::logger>("sd-worker", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(spdlog::level::from_str(std::string(level)));
  if (format == Format::text) logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  if (format == Format::json) logger->set_formatter(json_formatter());
  current_format = format;
  spdlog::set_default_logger(std::move(logger));
}

void event(Level level, std::string_view message, std::span<const Field> fields) {
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (!logger->should_log(level)) return;
  if (current_format == Format::text) {
    logger->log(level, std::string(message) + text_fields(fields));
    return;
  }
  const CurrentFields during_this_line(fields);
  logger->log(level, message);
}

}  // namespace sdw::log
