#include "cli/field_flags.h"

#include <algorithm>
#include <fmt/format.h>

namespace sdw::cli {

std::string flag_of(const request::FieldInfo& field) {
  std::string flag = "--" + std::string(field.name);
  std::ranges::replace(flag, '_', '-');
  return flag;
}

std::string help_of(const request::FieldInfo& field) {
  using enum request::FieldKind;
  std::string help;
  if (field.kind == integer || field.kind == number) help = fmt::format("{}..{}. ", field.low, field.high);
  help += field.help;
  if (!field.fallback.empty()) help += fmt::format(" Default: {}.", field.fallback);
  return help;
}

}  // namespace sdw::cli
