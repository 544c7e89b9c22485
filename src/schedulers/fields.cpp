#include "schedulers/fields.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sdw::schedulers {

namespace {

bool within(const nlohmann::json& value, double low, double high) {
  if (!value.is_number()) return false;
  const double number = value.get<double>();
  return std::isfinite(number) && number >= low && number <= high;
}

}  // namespace

const nlohmann::json* Fields::find(std::string_view name) const {
  const auto it = object_.find(name);
  return it == object_.end() || it->is_null() ? nullptr : &*it;
}

bool Fields::has(std::string_view name) const {
  return find(name) != nullptr;
}

double Fields::number(std::string_view name, double fallback, double low, double high) {
  return optional_number(name, low, high).value_or(fallback);
}

std::optional<double> Fields::optional_number(std::string_view name, double low, double high) {
  const auto* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (within(*value, low, high)) return value->get<double>();
  fail(name, fmt::format("expected a number from {} to {}, got {}", low, high, value->dump()));
  return std::nullopt;
}

std::int64_t Fields::integer(std::string_view name, std::int64_t fallback, std::int64_t low,
                             std::int64_t high) {
  const auto* value = find(name);
  if (value == nullptr) return fallback;
  if (value->is_number_integer() && within(*value, static_cast<double>(low), static_cast<double>(high))) {
    return value->get<std::int64_t>();
  }
  fail(name, fmt::format("expected a whole number from {} to {}, got {}", low, high, value->dump()));
  return fallback;
}

bool Fields::flag(std::string_view name, bool fallback) {
  const auto it = object_.find(name);
  if (it == object_.end()) return fallback;
  if (it->is_null()) return false;
  if (it->is_boolean()) return it->get<bool>();
  fail(name, fmt::format("expected true or false, got {}", it->dump()));
  return fallback;
}

std::string Fields::choice(std::string_view name, std::string_view fallback,
                           const std::vector<std::string_view>& allowed) {
  const auto* value = find(name);
  if (value == nullptr) return std::string(fallback);
  if (value->is_string()) {
    const auto& text = value->get_ref<const std::string&>();
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  }
  fail(name, fmt::format("expected one of {}, got {}", fmt::join(allowed, ", "), value->dump()));
  return std::string(fallback);
}

std::string Fields::text(std::string_view name) const {
  const auto* value = find(name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

std::vector<double> Fields::numbers(std::string_view name, double low, double high) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const bool good = value->is_array() && std::all_of(value->begin(), value->end(), [&](const auto& item) {
                      return within(item, low, high);
                    });
  if (good) return value->get<std::vector<double>>();
  fail(name, fmt::format("expected a list of numbers from {} to {}", low, high));
  return {};
}

std::vector<std::int64_t> Fields::integers(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) return {};
  const bool good = value->is_array() && std::all_of(value->begin(), value->end(), [](const auto& item) {
                      return item.is_number_integer();
                    });
  if (good) return value->get<std::vector<std::int64_t>>();
  fail(name, "expected a list of whole numbers");
  return {};
}

void Fields::fail(std::string_view name, std::string_view message) {
  if (error_) return;
  error_ = Error{ErrorCode::model_invalid, fmt::format("scheduler_config.json: {}: {}", name, message),
                 std::string(name)};
}

Status Fields::status() const {
  if (error_) return *error_;
  return ok_status();
}

}  // namespace sdw::schedulers
