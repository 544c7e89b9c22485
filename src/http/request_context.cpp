#include "http/request_context.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <stdexcept>

namespace sdw::http {
namespace {

bool fit_to_be_shown(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

bool lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// "00-<32 hex>-<16 hex>-<2 hex>", neither id all zeros.
std::string_view trace_of(std::string_view parent) {
  if (parent.size() != 55 || parent[2] != '-' || parent[35] != '-' || parent[52] != '-') return {};
  const std::string_view trace = parent.substr(3, 32);
  const std::string_view span = parent.substr(36, 16);
  const bool hex = lower_hex(trace) && lower_hex(span) && lower_hex(parent.substr(53));
  const bool zero = trace.find_first_not_of('0') == trace.npos || span.find_first_not_of('0') == span.npos;
  return parent.starts_with("00") && hex && !zero ? trace : std::string_view{};
}

}  // namespace

std::string draw_id() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random bytes");
  std::string id;
  for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

void identify(Request& request) {
  const std::string_view given = request.headers["X-Request-Id"];
  request.request_id = fit_to_be_shown(given) ? std::string(given) : draw_id();
  request.trace_id = trace_of(request.headers["traceparent"]);
}

}  // namespace sdw::http
