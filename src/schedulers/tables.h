#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "schedulers/registry.h"
#include "schedulers/samplers.h"

namespace sdw::schedulers {

struct SamplerRow {
  std::string_view id;          // request/names.h
  std::string_view class_name;  // in diffusers
  SamplerMaker* make;
  nlohmann::json overrides;  // fields that the name stands for; not applied to a model's own sampler
};

struct ScheduleRow {
  std::string_view id;
  nlohmann::json overrides;
};

// To add a sampler: a file with its maker, the maker's declaration in samplers.h, a row here, and its names
// in request/names.cpp.
std::span<const SamplerRow> sampler_rows();
std::span<const ScheduleRow> schedule_rows();

}  // namespace sdw::schedulers
