#include "support/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <string>

namespace sdw::log {

void configure(std::string_view level, Format format) {
  auto logger = std::make_shared<spdlog::logger>("sd-worker", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  logger->set_level(spdlog::level::from_str(std::string(level)));
  if (format == Format::text) logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  if (format == Format::json) logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","thread":%t,%v})");
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace sdw::log
