#include "http/target.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sdw::http {
namespace {

bool holds_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

}  // namespace

std::optional<ProtocolError> parse_target(std::string_view target, Request& request) {
  if (target == "*") {  // OPTIONS * asks about the server as a whole
    request.path = {"*"};
    return std::nullopt;
  }
  const bool origin_form = target.starts_with('/');
  const auto parsed =
      origin_form ? boost::urls::parse_origin_form(target) : boost::urls::parse_absolute_uri(target);
  if (!parsed) return ProtocolError{400, "The request target is not a well-formed path."};
  const bool known_scheme =
      parsed->scheme_id() == boost::urls::scheme::http || parsed->scheme_id() == boost::urls::scheme::https;
  if (!origin_form && (!known_scheme || parsed->host().empty() || parsed->has_userinfo())) {
    return ProtocolError{400, "The request target is not a path, nor an address of this server."};
  }
  const auto authority = parsed->encoded_host_and_port();
  request.authority.assign(authority.data(), authority.size());
  request.path.clear();
  for (const auto& segment : parsed->segments()) request.path.emplace_back(segment);
  if (request.path.empty()) request.path.emplace_back();
  request.query.clear();
  for (const auto& parameter : parsed->params()) request.query.emplace_back(parameter.key, parameter.value);
  for (const std::string& segment : request.path) {
    if (holds_nul(segment)) return ProtocolError{400, "The request target holds a NUL."};
  }
  for (const auto& [name, value] : request.query) {
    if (holds_nul(name) || holds_nul(value)) return ProtocolError{400, "The request target holds a NUL."};
  }
  return std::nullopt;
}

}  // namespace sdw::http
