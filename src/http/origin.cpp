#include "http/origin.h"

#include <algorithm>
#include <array>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <cctype>
#include <fmt/format.h>

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

// Names and addresses, of which nothing is a pattern.
bool plain_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("-._:[]").find(static_cast<char>(c)) != std::string_view::npos;
  });
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
  return iequals(origin, std::string(tls ? "https://" : "http://").append(request.host()));
}

Result<std::string> normal_origin(std::string_view text) {
  if (text == "*" || text == "null") return std::string(text);
  const auto url = boost::urls::parse_uri(text);
  const std::string host = url ? std::string(url->encoded_host()) : "";
  const bool has_path = url && !url->encoded_path().empty() && url->encoded_path() != "/";
  if (!url || host.empty() || !plain_host(host) || url->has_userinfo() || has_path || url->has_query() ||
      url->has_fragment()) {
    return Error{ErrorCode::invalid_request,
                 fmt::format("\"{}\" is not an origin such as https://example.org", text), "cors-origin"};
  }
  const bool default_port = (url->scheme_id() == boost::urls::scheme::http && url->port_number() == 80) ||
                            (url->scheme_id() == boost::urls::scheme::https && url->port_number() == 443);
  std::string origin = std::string(url->scheme()) + "://" + host;
  std::transform(origin.begin(), origin.end(), origin.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (!url->port().empty() && !default_port) origin += ":" + std::string(url->port());
  return origin;
}

Status check_allowed_host(std::string_view text) {
  if (plain_host(text) && !without_port(text).empty()) return ok_status();
  return Error{ErrorCode::invalid_request,
               fmt::format("\"{}\" is not a host such as worker.example or worker.example:8080", text),
               "allowed-host"};
}

void add_cors_headers(const Request& request, const std::vector<std::string>& cors_origins,
                      Response& response) {
  const bool any = std::find(cors_origins.begin(), cors_origins.end(), "*") != cors_origins.end();
  // Pages of others may not embed what is served here, images above all. Those that are listed ask by CORS.
  response.headers.set("Cross-Origin-Resource-Policy", any ? "cross-origin" : "same-origin");
  if (cors_origins.empty()) return;
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
    response.headers.set("Access-Control-Allow-Headers",
                         "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID, "
                         "X-Request-Id, traceparent");
    response.headers.set("Access-Control-Max-Age", "600");
  }
  return response;
}

}  // namespace sdw::http
