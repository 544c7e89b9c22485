#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.h"

namespace sdw::contract {

// Takes typed fields out of a JSON object. An absent field gives nothing, and null means absent; a wrong one
// gives nothing and the error is kept, the first one only. `prefix` goes before the names in errors
// ("loras[0].").
class FieldReader {
 public:
  explicit FieldReader(nlohmann::json& object, std::string prefix = {})
      : object_(object), prefix_(std::move(prefix)) {}

  std::optional<std::string> text(std::string_view name, std::size_t max_bytes);
  // As JSON Schema's `integer`: 20.0 is one.
  std::optional<int> integer(std::string_view name);
  std::optional<int> integer(std::string_view name, int low, int high);
  std::optional<double> number(std::string_view name);
  std::optional<double> number(std::string_view name, double low, double high);
  std::optional<bool> boolean(std::string_view name);
  // An unsigned 64-bit number; -1 counts as absent.
  std::optional<std::uint64_t> seed(std::string_view name);
  nlohmann::json* array(std::string_view name);  // null: absent or wrong

  bool has(std::string_view name) { return find(name) != nullptr; }
  // The names that were asked for so far, whether they were there or not. They outlive the reader.
  const std::vector<std::string_view>& asked() const { return asked_; }
  void fail(std::string_view name, std::string message);
  void fail(Error error);  // as it is
  const std::optional<Error>& error() const { return error_; }

 private:
  nlohmann::json* find(std::string_view name);

  nlohmann::json& object_;
  std::string prefix_;
  std::vector<std::string_view> asked_;
  std::optional<Error> error_;
};

}  // namespace sdw::contract
