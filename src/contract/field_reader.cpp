#include "contract/field_reader.h"

#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace sdw::contract {
namespace {

using nlohmann::json;

// A number without a fraction, or nothing.
std::optional<double> whole(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  return std::isfinite(number) && std::floor(number) == number ? std::optional(number) : std::nullopt;
}

}  // namespace

json* FieldReader::find(std::string_view name) {
  asked_.push_back(name);
  const auto at = object_.find(name);
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

void FieldReader::fail(std::string_view name, std::string message) {
  if (error_) return;
  std::string param = prefix_ + std::string(name);
  message = param + " " + message;
  error_ = Error{ErrorCode::invalid_request, std::move(message), std::move(param)};
}

void FieldReader::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

std::optional<std::string> FieldReader::text(std::string_view name, std::size_t max_bytes) {
  json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fail(name, fmt::format("must be a string, got {}", value->type_name()));
    return std::nullopt;
  }
  auto& text = value->get_ref<std::string&>();
  if (text.size() > max_bytes) {
    fail(name, fmt::format("must have at most {} bytes, got {}", max_bytes, text.size()));
    return std::nullopt;
  }
  if (text.find('\0') != std::string::npos) {
    fail(name, "must not contain a NUL character");
    return std::nullopt;
  }
  return std::move(text);
}

std::optional<int> FieldReader::integer(std::string_view name) {
  return integer(name, std::numeric_limits<int>::min(), std::numeric_limits<int>::max());
}

std::optional<int> FieldReader::integer(std::string_view name, int low, int high) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const std::optional<double> number = whole(*value);
  if (!number) {
    fail(name,
         fmt::format("must be an integer, got {}", value->is_number() ? value->dump() : value->type_name()));
    return std::nullopt;
  }
  if (*number < low || *number > high) {
    fail(name, fmt::format("must be from {} to {}, got {}", low, high, value->dump()));
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

std::optional<double> FieldReader::number(std::string_view name) {
  return number(name, std::numeric_limits<double>::lowest(), std::numeric_limits<double>::max());
}

std::optional<double> FieldReader::number(std::string_view name, double low, double high) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    fail(name, fmt::format("must be a number, got {}", value->type_name()));
    return std::nullopt;
  }
  const double number = value->get<double>();
  if (!std::isfinite(number) || number < low || number > high) {
    fail(name, fmt::format("must be from {} to {}, got {}", low, high, value->dump()));
    return std::nullopt;
  }
  return number + 0.0;  // -0 becomes 0
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  fail(name, fmt::format("must be true or false, got {}", value->type_name()));
  return std::nullopt;
}

std::optional<std::uint64_t> FieldReader::seed(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  const std::optional<double> number = whole(*value);
  if (number && *number == -1) return std::nullopt;
  if (number && *number >= 0 && *number < 0x1p64) return static_cast<std::uint64_t>(*number);
  fail(name, fmt::format("must be an integer from 0 to {}, or -1 for a drawn one, got {}",
                         std::numeric_limits<std::uint64_t>::max(),
                         value->is_number() ? value->dump() : value->type_name()));
  return std::nullopt;
}

json* FieldReader::array(std::string_view name) {
  json* value = find(name);
  if (value == nullptr || value->is_array()) return value;
  fail(name, fmt::format("must be an array, got {}", value->type_name()));
  return nullptr;
}

}  // namespace sdw::contract
