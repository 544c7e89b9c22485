#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sdw::contract {

// The field that a client means by `name`: the same but for case and punctuation, what other programs call
// so, or the nearest by edit distance. Empty where nothing is near.
std::string_view nearest_field(std::string_view name, std::span<const std::string_view> known);

// Collects a warning for each field of a request that has no effect. Names are made printable and cut; beyond
// the first few fields only their number is told.
class IgnoredFields {
 public:
  // The members of `object` that are not in `known`, but for nulls, which mean absent. `suggestions`: the
  // names that a client may have meant; `prefix` goes before the member's name ("loras[0].").
  void add(const nlohmann::json& object, std::span<const std::string_view> known,
           std::span<const std::string_view> suggestions, std::string_view prefix = {});
  // A field that only other operations have.
  void add_of_others(std::string_view name, std::string_view operation, std::string_view others);

  std::vector<std::string> warnings() const;

 private:
  bool is_full();

  std::vector<std::string> warnings_;
  std::size_t untold_ = 0;
};

}  // namespace sdw::contract
