#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <vector>

#include "http/asio.h"
#include "http/request.h"
#include "http/response.h"
#include "http/router.h"
#include "http/settings.h"

namespace sdw::http {

// What every request has to pass, in this order, before its body is read: the Host header names this machine
// (where the address is a loopback one), the path exists, the key is right, the page it comes from may do
// that, the method is one of the path's. OPTIONS is answered here.
class Gate {
 public:
  // `address` is where the server listens; where only this machine reaches it, Host has to name it. All
  // outlive this.
  Gate(const ServerSettings& settings, const Router& router, const net::ip::address& address);

  struct Verdict {
    std::optional<Response> refusal;
    RouteMatch match;
  };
  Verdict judge(const Request& request) const;

 private:
  bool names_this_machine(const Request& request) const;
  std::optional<Response> refuse(const Request& request, const RouteMatch& match) const;

  const ServerSettings& settings_;
  const Router& router_;
  const bool loopback_;
  std::vector<std::string> hosts_;  // beside localhost
};

}  // namespace sdw::http
