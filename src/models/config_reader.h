#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::models {

// Reads the fields of one config.json with their types and ranges checked. A missing field, or one that is
// null, takes its default. The first wrong field is remembered and every later read gives its default, so
// that a config is read straight through and `status` is asked once at the end.
class ConfigReader {
 public:
  // `file` names the configuration in errors ("unet/config.json"); `object` must outlive the reader.
  ConfigReader(std::string file, const nlohmann::json& object);

  std::int64_t integer(std::string_view field, std::int64_t fallback, std::int64_t low, std::int64_t high);
  double number(std::string_view field, double fallback, double low, double high);
  bool boolean(std::string_view field, bool fallback);
  std::string string(std::string_view field, std::string_view fallback);
  std::vector<double> numbers(std::string_view field);  // empty where not given
  std::vector<std::string> strings(std::string_view field, std::vector<std::string> fallback);
  std::vector<std::int64_t> integers(std::string_view field, std::vector<std::int64_t> fallback,
                                     std::int64_t low, std::int64_t high);
  // A list of `size`, or one number standing for `size` equal ones.
  std::vector<std::int64_t> integer_per_block(std::string_view field, std::int64_t fallback, std::size_t size,
                                              std::int64_t low, std::int64_t high);
  std::vector<bool> boolean_per_block(std::string_view field, bool fallback, std::size_t size);
  // The integers of a value inside `field`, such as one list of a list of lists: a list, or one standing for
  // `size`.
  std::vector<std::int64_t> spread(std::string_view field, const nlohmann::json& value, std::size_t size,
                                   std::int64_t low, std::int64_t high);

  // The field as it stands, or nullptr where it is missing.
  const nlohmann::json* find(std::string_view field) const;
  // The field is there and not null.
  bool has(std::string_view field) const;
  // An error unless the field is missing, null or equal to `only`: for features that this worker does not
  // have.
  void require(std::string_view field, const nlohmann::json& only);
  void fail(std::string_view field, const std::string& message);

  // Error: model_invalid with `param` = "<file>: <field>".
  Status status() const;

 private:
  std::int64_t checked_integer(std::string_view field, const nlohmann::json& value, std::int64_t low,
                               std::int64_t high);
  const nlohmann::json* list(std::string_view field);

  std::string file_;
  const nlohmann::json& object_;
  Error error_;
  bool failed_ = false;
};

}  // namespace sdw::models
