#include "http/origin.h"

#include <algorithm>
#include <array>

namespace sdw::http {
namespace {

bool listed(std::string_view origin, const std::vector<std::string>& origins) {
  return std::any_of(origins.begin(), origins.end(),
                     [&](const std::string& entry) { return entry == "*" || iequals(entry, origin); });
}

// "name:port" or "[v6]:port" without the port; empty where it is neither.
std::string_view without_port(std::string_view host) {
  const std::size_t end = host.starts_with('[') ? host.find(']') : host.find(':') - 1;
  if (host.starts_with('[') && end == std::string_view::npos) return {};
  const std::string_view name = host.substr(0, std::min(end + 1, host.size()));
  const std::string_view rest = host.substr(name.size());
  if (rest.empty()) return name;
  const bool port = rest.size() <= 6 && rest.starts_with(':') &&
                    std::all_of(rest.begin() + 1, rest.end(), [](char c) { return c >= '0' && c <= '9'; });
  return port ? name : std::string_view{};
}

}  // namespace

bool host_allowed(std::string_view host, const std::vector<std::string>& allowed) {
  const std::string_view name = without_port(host);
  if (name.empty()) return false;
  constexpr std::array<std::string_view, 3> kOwn = {"localhost", "127.0.0.1", "[::1]"};
  const auto is_name = [&](std::string_view entry) { return iequals(entry, name) || iequals(entry, host); };
  return std::any_of(kOwn.begin(), kOwn.end(), is_name) ||
         std::any_of(allowed.begin(), allowed.end(), is_name);
}

bool origin_allowed(const Request& request, const std::vector<std::string>& cors_origins, bool tls) {
  if (request.method == Method::get || request.method == Method::head || request.method == Method::options) {
    return true;
  }
  const std::string_view origin = request.headers["Origin"];
  if (origin.empty() || listed(origin, cors_origins)) return true;
  return iequals(origin, std::string(tls ? "https://" : "http://").append(request.headers["Host"]));
}

void add_cors_headers(const Request& request, const std::vector<std::string>& cors_origins,
                      Response& response) {
  if (cors_origins.empty()) return;
  const bool any = std::find(cors_origins.begin(), cors_origins.end(), "*") != cors_origins.end();
  if (!any) response.headers.add("Vary", "Origin");
  const std::string_view origin = request.headers["Origin"];
  if (origin.empty() || !listed(origin, cors_origins)) return;
  response.headers.set("Access-Control-Allow-Origin", any ? std::string_view("*") : origin);
  response.headers.set("Access-Control-Expose-Headers",
                       "Location, Retry-After, X-Request-Id, Server-Timing, ETag");
}

Response options_response(const Request& request, const std::vector<std::string>& cors_origins,
                          std::string_view allow) {
  Response response;
  response.status = 204;
  response.headers.set("Allow", allow);
  if (listed(request.headers["Origin"], cors_origins) &&
      !request.headers["Access-Control-Request-Method"].empty()) {
    response.headers.set("Access-Control-Allow-Methods", allow);
    response.headers.set(
        "Access-Control-Allow-Headers",
        "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id, traceparent");
    response.headers.set("Access-Control-Max-Age", "600");
  }
  return response;
}

}  // namespace sdw::http
