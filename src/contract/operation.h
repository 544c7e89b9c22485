#pragma once

#include <optional>
#include <string_view>

#include "pipeline/sampling_config.h"

namespace sdw::contract {

// The tag of a request: "image_generation", "image_transform", "image_inpaint".
std::string_view to_string(pipeline::Operation operation);
std::optional<pipeline::Operation> operation_from_name(std::string_view name);

}  // namespace sdw::contract
