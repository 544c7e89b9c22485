#include "support/log_format.h"

#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sdw::log {
namespace {

thread_local std::span<const Field> current_fields;

nlohmann::ordered_json to_json(const Field& field) {
  return std::visit([](const auto& value) { return nlohmann::ordered_json(value); }, field.value);
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string utc_time(spdlog::log_clock::time_point time) {
  const auto since_epoch =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(spdlog::log_clock::to_time_t(time)),
                     since_epoch % 1000);
}

class JsonFormatter : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    nlohmann::ordered_json line;
    const auto level = spdlog::level::to_string_view(message.level);
    line["time"] = utc_time(message.time);
    line["level"] = std::string(level.data(), level.size());
    line["thread"] = message.thread_id;
    line["message"] = std::string(message.payload.data(), message.payload.size());
    for (const Field& field : current_fields) line[std::string(field.name)] = to_json(field);
    const std::string text = dump(line);
    out.append(text.data(), text.data() + text.size());
    out.push_back('\n');
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

bool plain(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\') return false;
  }
  return true;
}

}  // namespace

std::unique_ptr<spdlog::formatter> json_formatter() {
  return std::make_unique<JsonFormatter>();
}

std::string text_fields(std::span<const Field> fields) {
  std::string text;
  for (const Field& field : fields) {
    const auto* string = std::get_if<std::string>(&field.value);
    text += fmt::format(" {}={}", field.name, string && plain(*string) ? *string : dump(to_json(field)));
  }
  return text;
}

CurrentFields::CurrentFields(std::span<const Field> fields) {
  current_fields = fields;
}
CurrentFields::~CurrentFields() {
  current_fields = {};
}

}  // namespace sdw::log
