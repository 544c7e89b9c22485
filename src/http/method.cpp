#include "http/method.h"

#include <array>

namespace sdw::http {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"OTHER", "GET",   "HEAD",   "POST",
                                                    "PUT",   "PATCH", "DELETE", "OPTIONS"};

}  // namespace

std::string_view to_string(Method method) {
  return kNames[static_cast<std::size_t>(method)];
}

Method method_from_name(std::string_view name) {
  for (std::size_t i = 1; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Method>(i);
  }
  return Method::other;
}

}  // namespace sdw::http
