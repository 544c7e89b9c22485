#include "support/log.h"

#include <atomic>
#include <boost/core/demangle.hpp>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <string>
#include <typeinfo>
#include <vector>

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

bool enabled(Level level) {
  return spdlog::default_logger_raw()->should_log(level);
}

void event(Level level, std::string_view message, std::span<const Field> fields) {
  if (!enabled(level)) return;
  spdlog::logger* logger = spdlog::default_logger_raw();
  if (current_format == Format::text) {
    logger->log(level, std::string(message) + text_fields(fields));
    return;
  }
  const CurrentFields during_this_line(fields);
  logger->log(level, message);
}

void unexpected(const std::exception& exception, std::string_view text, std::initializer_list<Field> fields) {
  std::vector<Field> all = {{"type", boost::core::demangle(typeid(exception).name())}};
  all.insert(all.end(), fields.begin(), fields.end());
  event(Level::err, "unexpected exception", all);
  all.push_back({"text", std::string(text)});
  event(Level::debug, "unexpected exception", all);
}

}  // namespace sdw::log
