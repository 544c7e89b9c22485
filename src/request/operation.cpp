#include "request/operation.h"

#include <iterator>

namespace sdw::request {
namespace {

constexpr Operation kOperations[] = {Operation::image_generation, Operation::image_transform,
                                     Operation::image_inpaint};
constexpr std::string_view kNames[] = {"image_generation", "image_transform", "image_inpaint"};
static_assert(std::size(kNames) == std::size(kOperations));

}  // namespace

std::span<const Operation> operations() {
  return kOperations;
}

std::string_view to_string(Operation operation) {
  return kNames[static_cast<std::size_t>(operation)];
}

std::optional<Operation> operation_from_name(std::string_view name) {
  for (const Operation operation : kOperations) {
    if (name == to_string(operation)) return operation;
  }
  return std::nullopt;
}

}  // namespace sdw::request
