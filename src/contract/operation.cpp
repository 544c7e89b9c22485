#include "contract/operation.h"

namespace sdw::contract {

using pipeline::Operation;

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::image_generation:
      return "image_generation";
    case Operation::image_transform:
      return "image_transform";
    case Operation::image_inpaint:
      return "image_inpaint";
  }
  return "";
}

std::optional<Operation> operation_from_name(std::string_view name) {
  for (const Operation operation :
       {Operation::image_generation, Operation::image_transform, Operation::image_inpaint}) {
    if (name == to_string(operation)) return operation;
  }
  return std::nullopt;
}

}  // namespace sdw::contract
