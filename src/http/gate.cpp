#include "http/gate.h"

#include "http/auth.h"
#include "http/listen_address.h"
#include "http/origin.h"

namespace sdw::http {
namespace {

constexpr std::string_view kServerMethods = "GET, HEAD, POST, DELETE, OPTIONS";

Response challenge(const Request& request) {
  Response response =
      error_response({ErrorCode::unauthorized,
                      "This route needs the header \"Authorization: Bearer KEY\" with the right key."});
  response.headers.set("WWW-Authenticate", "Bearer realm=\"sd-worker\"");
  // A browser asks its user for a password only when it is offered Basic.
  if (request.headers["Accept"].find("text/html") != std::string_view::npos) {
    response.headers.add("WWW-Authenticate", "Basic realm=\"sd-worker\", charset=\"UTF-8\"");
  }
  return response;
}

}  // namespace

Gate::Gate(const ServerSettings& settings, const Router& router, const net::ip::address& address)
    : settings_(settings), router_(router), loopback_(address.is_loopback()), hosts_(settings.allowed_hosts) {
  hosts_.push_back(settings.host);
  hosts_.push_back(host_name(address));
}

Gate::Verdict Gate::judge(const Request& request) const {
  Verdict verdict;
  verdict.match = router_.match(request.method, request.path);
  verdict.refusal = refuse(request, verdict.match);
  return verdict;
}

bool Gate::names_this_machine(const Request& request) const {
  // HTTP/1.0 knows no Host header; a browser always sends one.
  const bool has_host = request.headers.contains("Host") || !request.http_1_0;
  if (has_host && !host_allowed(request.headers["Host"], hosts_)) return false;
  return request.authority.empty() || host_allowed(request.authority, hosts_);
}

std::optional<Response> Gate::refuse(const Request& request, const RouteMatch& match) const {
  if (loopback_ && !names_this_machine(request)) {
    return error_response({ErrorCode::forbidden, "The Host header does not name this machine."});
  }
  if (request.method == Method::options) {
    const bool whole_server = request.path.size() == 1 && request.path[0] == "*";
    if (match.allow.empty() && !whole_server) {
      return error_response({ErrorCode::not_found, "There is no such route."});
    }
    return options_response(request, settings_.cors_origins,
                            whole_server ? kServerMethods : std::string_view(match.allow));
  }
  const bool open = match.route && match.route->open;
  if (!settings_.api_key.empty() && !open &&
      !authorized(request.headers["Authorization"], settings_.api_key)) {
    return challenge(request);
  }
  if (match.pattern.empty()) return error_response({ErrorCode::not_found, "There is no such route."});
  if (!origin_allowed(request, settings_.cors_origins, !settings_.tls_certificate.empty())) {
    return error_response(
        {ErrorCode::forbidden, "Pages of another origin may not do this; see --cors-origin."});
  }
  if (!match.route) {
    Response response =
        error_response({ErrorCode::method_not_allowed, "This route has other methods: " + match.allow + "."});
    response.headers.set("Allow", match.allow);
    return response;
  }
  return std::nullopt;
}

}  // namespace sdw::http
