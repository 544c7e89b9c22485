#include "http/listen_address.h"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace sdw::http {

using boost::asio::ip::tcp;

Result<tcp::endpoint> listen_address(const std::string& host, std::uint16_t port) {
  boost::system::error_code error;
  const std::string bare =
      host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
  const auto address = boost::asio::ip::make_address(bare, error);
  if (!error) return tcp::endpoint(address, port);
  boost::asio::io_context context;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(bare, std::to_string(port), error);
  if (error || found.empty()) {
    return Error{ErrorCode::invalid_request, fmt::format("no address is known for the host \"{}\"", host),
                 "host"};
  }
  return found.begin()->endpoint();
}

std::string host_name(const boost::asio::ip::address& address) {
  const std::string name = address.to_string();
  return address.is_v6() ? "[" + name + "]" : name;
}

std::string base_url(const ServerSettings& settings, const tcp::endpoint& address) {
  return fmt::format("{}://{}:{}", settings.tls_certificate.empty() ? "http" : "https",
                     host_name(address.address()), address.port());
}

}  // namespace sdw::http
