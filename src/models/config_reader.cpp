#include "models/config_reader.h"

#include <cmath>
#include <fmt/format.h>

#include "io/printable.h"

namespace sdw::models {
namespace {

constexpr std::size_t kLongestList = 4096;

std::string shown(const nlohmann::json& value) {
  constexpr std::size_t kShown = 60;
  if (value.is_string()) return io::printable(value.get_ref<const std::string&>(), kShown);
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

}  // namespace

ConfigReader::ConfigReader(std::string file, const nlohmann::json& object)
    : file_(std::move(file)), object_(object) {
  if (!object.is_object()) fail("", "expected a JSON object");
}

const nlohmann::json* ConfigReader::find(std::string_view field) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(field);
  return found == object_.end() ? nullptr : &*found;
}

bool ConfigReader::has(std::string_view field) const {
  const nlohmann::json* value = find(field);
  return value != nullptr && !value->is_null();
}

void ConfigReader::fail(std::string_view field, const std::string& message) {
  if (failed_) return;
  failed_ = true;
  error_ = {ErrorCode::model_invalid, fmt::format("{}: {}: {}", file_, field, message),
            fmt::format("{}: {}", file_, field)};
}

Status ConfigReader::status() const {
  if (failed_) return error_;
  return ok_status();
}

void ConfigReader::require(std::string_view field, const nlohmann::json& only) {
  if (has(field) && *find(field) != only) {
    fail(field, fmt::format("only {} is supported, got {}", only.dump(), shown(*find(field))));
  }
}

std::int64_t ConfigReader::checked_integer(std::string_view field, const nlohmann::json& value,
                                           std::int64_t low, std::int64_t high) {
  const bool fits = value.is_number_unsigned() ? value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX}
                                               : value.is_number_integer();
  const std::int64_t number = fits ? value.get<std::int64_t>() : 0;
  if (fits && number >= low && number <= high) return number;
  fail(field, fmt::format("expected a whole number from {} to {}, got {}", low, high, shown(value)));
  return low;
}

std::int64_t ConfigReader::integer(std::string_view field, std::int64_t fallback, std::int64_t low,
                                   std::int64_t high) {
  return has(field) ? checked_integer(field, *find(field), low, high) : fallback;
}

double ConfigReader::number(std::string_view field, double fallback, double low, double high) {
  if (!has(field)) return fallback;
  const nlohmann::json& value = *find(field);
  if (value.is_number() && value.get<double>() >= low && value.get<double>() <= high) {
    return value.get<double>();
  }
  fail(field, fmt::format("expected a number from {} to {}, got {}", low, high, shown(value)));
  return fallback;
}

bool ConfigReader::boolean(std::string_view field, bool fallback) {
  if (!has(field)) return fallback;
  if (find(field)->is_boolean()) return find(field)->get<bool>();
  fail(field, fmt::format("expected true or false, got {}", shown(*find(field))));
  return fallback;
}

std::string ConfigReader::string(std::string_view field, std::string_view fallback) {
  if (!has(field)) return std::string(fallback);
  if (find(field)->is_string()) return find(field)->get<std::string>();
  fail(field, fmt::format("expected a string, got {}", shown(*find(field))));
  return std::string(fallback);
}

const nlohmann::json* ConfigReader::list(std::string_view field) {
  if (!has(field)) return nullptr;
  const nlohmann::json* value = find(field);
  if (value->is_array() && !value->empty() && value->size() <= kLongestList) return value;
  fail(field, fmt::format("expected a list of 1 to {} entries, got {}", kLongestList, shown(*value)));
  return nullptr;
}

std::vector<double> ConfigReader::numbers(std::string_view field) {
  std::vector<double> out;
  const nlohmann::json* values = list(field);
  if (values == nullptr) return out;
  for (const nlohmann::json& value : *values) {
    if (!value.is_number()) fail(field, fmt::format("expected numbers, got {}", shown(value)));
    out.push_back(value.is_number() ? value.get<double>() : 0);
  }
  return out;
}

std::vector<std::string> ConfigReader::strings(std::string_view field, std::vector<std::string> fallback) {
  const nlohmann::json* values = list(field);
  if (values == nullptr) return fallback;
  std::vector<std::string> out;
  for (const nlohmann::json& value : *values) {
    if (!value.is_string()) fail(field, fmt::format("expected strings, got {}", shown(value)));
    out.push_back(value.is_string() ? value.get<std::string>() : "");
  }
  return out;
}

std::vector<std::int64_t> ConfigReader::integers(std::string_view field, std::vector<std::int64_t> fallback,
                                                 std::int64_t low, std::int64_t high) {
  const nlohmann::json* values = list(field);
  if (values == nullptr) return fallback;
  std::vector<std::int64_t> out;
  for (const nlohmann::json& value : *values) out.push_back(checked_integer(field, value, low, high));
  return out;
}

std::vector<std::int64_t> ConfigReader::spread(std::string_view field, const nlohmann::json& value,
                                               std::size_t size, std::int64_t low, std::int64_t high) {
  if (!value.is_array()) return std::vector<std::int64_t>(size, checked_integer(field, value, low, high));
  if (value.size() != size) {
    fail(field, fmt::format("expected {} entries, got {}", size, value.size()));
    return std::vector<std::int64_t>(size, low);
  }
  std::vector<std::int64_t> out;
  for (const nlohmann::json& entry : value) out.push_back(checked_integer(field, entry, low, high));
  return out;
}

std::vector<std::int64_t> ConfigReader::integer_per_block(std::string_view field, std::int64_t fallback,
                                                          std::size_t size, std::int64_t low,
                                                          std::int64_t high) {
  if (!has(field)) return std::vector<std::int64_t>(size, fallback);
  return spread(field, *find(field), size, low, high);
}

std::vector<bool> ConfigReader::boolean_per_block(std::string_view field, bool fallback, std::size_t size) {
  if (!has(field) || !find(field)->is_array()) return std::vector<bool>(size, boolean(field, fallback));
  const nlohmann::json& values = *find(field);
  std::vector<bool> out;
  for (const nlohmann::json& value : values) {
    if (!value.is_boolean()) fail(field, fmt::format("expected true or false, got {}", shown(value)));
    out.push_back(value.is_boolean() && value.get<bool>());
    if (out.size() > size) break;
  }
  if (values.size() != size) fail(field, fmt::format("expected {} entries, got {}", size, values.size()));
  out.resize(size);
  return out;
}

}  // namespace sdw::models
