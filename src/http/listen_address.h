#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "http/settings.h"
#include "support/result.h"

namespace sdw::http {

// Where `host` and `port` lead; the first address of a name that has several. Error: invalid_request (param
// "host").
Result<boost::asio::ip::tcp::endpoint> listen_address(const std::string& host, std::uint16_t port);

// As it stands in an address: "127.0.0.1", "[::1]".
std::string host_name(const boost::asio::ip::address& address);

// "http://127.0.0.1:8080", "https://[::1]:8080"
std::string base_url(const ServerSettings& settings, const boost::asio::ip::tcp::endpoint& address);

}  // namespace sdw::http
