#include "http/request_context.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <openssl/rand.h>
#include <stdexcept>

namespace sdw::http {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool fit_to_be_shown(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '_' || c == '-';
  });
}

bool lower_hex(std::string_view text) {
  return text.find_first_not_of(kHexDigits) == text.npos;
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
  constexpr std::size_t kIdBytes = 16;
  // Drawn for many ids at once: the generator's code is large and cold between two requests.
  thread_local std::array<unsigned char, 256 * kIdBytes> pool;
  thread_local std::size_t used = pool.size();
  if (used == pool.size()) {
    if (RAND_bytes(pool.data(), static_cast<int>(pool.size())) != 1) {
      throw std::runtime_error("the system gives no random bytes");
    }
    used = 0;
  }
  std::string id;
  for (const std::size_t end = used + kIdBytes; used < end; ++used) {
    id += kHexDigits[pool[used] >> 4];
    id += kHexDigits[pool[used] & 15];
  }
  return id;
}

void identify(Request& request) {
  const std::string_view given = request.headers["X-Request-Id"];
  request.request_id = fit_to_be_shown(given) ? std::string(given) : draw_id();
  request.trace_id = trace_of(request.headers["traceparent"]);
}

}  // namespace sdw::http
