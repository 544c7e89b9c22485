#pragma once

#include <string_view>

namespace sdw::http {

enum class Method { other, get, head, post, put, patch, delete_, options };

std::string_view to_string(Method method);  // "GET"; "OTHER" for what this server has no route for
Method method_from_name(std::string_view name);

}  // namespace sdw::http
