#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/result.h"

namespace sdw::request {

// A canonical id ("dpmpp_2m"), what people see ("DPM++ 2M"), and every other name it answers to,
// case-insensitively.
struct NameEntry {
  std::string_view id;
  std::string_view label;
  std::vector<std::string_view> aliases;
};

std::span<const NameEntry> sampler_names();
std::span<const NameEntry> schedule_names();

// The canonical id for any known name; error invalid_request (param "sampler" / "schedule") lists the names.
Result<std::string> canonical_sampler(std::string_view name);
Result<std::string> canonical_schedule(std::string_view name);

// For names as AUTOMATIC1111 wrote them before 1.9: "DPM++ 2M Karras" -> {"dpmpp_2m", "karras"}; the schedule
// is empty where the name has none. Error invalid_request (param "sampler").
Result<std::pair<std::string, std::string>> split_sampler_and_schedule(std::string_view name);

}  // namespace sdw::request
