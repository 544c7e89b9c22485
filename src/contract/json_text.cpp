#include "contract/json_text.h"

#include <stdexcept>

namespace sdw::contract {

std::string json_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string with_member(std::string object, std::string_view name, std::string_view json) {
  if (object.size() < 2 || object.back() != '}') {
    throw std::invalid_argument("with_member: not a JSON object");
  }
  object.reserve(object.size() + name.size() + json.size() + 4);
  object.pop_back();
  if (object.back() != '{') object += ',';
  object += '"';
  object += name;
  object += "\":";
  object += json;
  object += '}';
  return object;
}

}  // namespace sdw::contract
