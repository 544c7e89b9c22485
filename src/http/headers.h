#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sdw::http {

// Header fields in order; names compare without regard to case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // in place of all of that name
  void erase(std::string_view name);
  // The first of that name, or nothing.
  std::string_view operator[](std::string_view name) const;
  bool contains(std::string_view name) const;
  std::vector<Field>::const_iterator begin() const { return fields_.begin(); }
  std::vector<Field>::const_iterator end() const { return fields_.end(); }

 private:
  std::vector<Field> fields_;
};

// Equal but for the case of ASCII letters.
bool iequals(std::string_view a, std::string_view b);

}  // namespace sdw::http
