#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace sdw::request {

enum class Operation { image_generation, image_transform, image_inpaint };

std::span<const Operation> operations();  // all of them

// The tag of a request: "image_generation", "image_transform", "image_inpaint".
std::string_view to_string(Operation operation);
std::optional<Operation> operation_from_name(std::string_view name);

}  // namespace sdw::request
