#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"

namespace sdw::schedulers {

// The fields of a scheduler_config.json as one scheduler class reads them: each absent field takes that
// class's own default. A null is Python's None: a default for numbers and choices, false for flags. The first
// wrong value is kept; later reads go on with defaults, so that a sampler reads everything and asks for
// `status` once.
class Fields {
 public:
  explicit Fields(nlohmann::json object) : object_(std::move(object)) {}

  bool has(std::string_view name) const;  // there and not null
  double number(std::string_view name, double fallback, double low, double high);
  std::optional<double> optional_number(std::string_view name, double low, double high);
  std::int64_t integer(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high);
  bool flag(std::string_view name, bool fallback);
  std::string choice(std::string_view name, std::string_view fallback,
                     const std::vector<std::string_view>& allowed);
  std::string text(std::string_view name) const;  // empty where absent or no string
  std::vector<double> numbers(std::string_view name, double low, double high);  // empty where absent
  std::vector<std::int64_t> integers(std::string_view name);                    // empty where absent

  void fail(std::string_view name, std::string_view message);
  // Error: model_invalid, `param` names the field.
  Status status() const;

 private:
  const nlohmann::json* find(std::string_view name) const;

  nlohmann::json object_;
  std::optional<Error> error_;
};

}  // namespace sdw::schedulers
