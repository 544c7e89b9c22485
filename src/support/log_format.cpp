#include "support/log_format.h"

#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>

namespace sdw::log {
namespace {

nlohmann::ordered_json to_json(const Field& field) {
  return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, field.value);
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

std::string text_payload(std::string_view message, std::span<const Field> fields) {
  std::string text(message);
  for (const Field& field : fields) {
    const auto* string = std::get_if<std::string>(&field.value);
    text += fmt::format(" {}={}", field.name, string && plain(*string) ? *string : dump(to_json(field)));
  }
  return text;
}

std::string json_payload(std::string_view message, std::span<const Field> fields) {
  nlohmann::ordered_json members{{"message", message}};
  for (const Field& field : fields) members[std::string(field.name)] = to_json(field);
  std::string text = dump(members);
  return text.substr(1, text.size() - 2);  // without the braces
}

class TextFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    if (message.level != kNotice) return with_time_.format(message, out);
    out.append(message.payload.begin(), message.payload.end());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<TextFormatter>(); }

 private:
  spdlog::pattern_formatter with_time_{"%Y-%m-%d %H:%M:%S.%e %^%l%$ %v"};
};

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_epoch =
        std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch()).count();
    const auto level = spdlog::level::to_string_view(message.level == kNotice ? Level::info : message.level);
    fmt::format_to(std::back_inserter(out),
                   R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:03}Z","level":"{}","thread":{},{}}})"
                   "\n",
                   fmt::gmtime(spdlog::log_clock::to_time_t(message.time)), since_epoch % 1000,
                   std::string_view(level.data(), level.size()), message.thread_id,
                   std::string_view(message.payload.data(), message.payload.size()));
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

}  // namespace

std::string payload(Format format, std::string_view message, std::span<const Field> fields) {
  return format == Format::text ? text_payload(message, fields) : json_payload(message, fields);
}

std::unique_ptr<spdlog::formatter> formatter(Format format) {
  if (format == Format::text) return std::make_unique<TextFormatter>();
  return std::make_unique<JsonFormatter>();
}

}  // namespace sdw::log
