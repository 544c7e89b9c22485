#pragma once

#include <optional>

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
  // `loopback`: the server's address is one that only this machine reaches. All outlive this.
  Gate(const ServerSettings& settings, const Router& router, bool loopback)
      : settings_(settings), router_(router), loopback_(loopback) {}

  struct Verdict {
    std::optional<Response> refusal;
    RouteMatch match;
  };
  Verdict judge(const Request& request) const;

 private:
  std::optional<Response> refuse(const Request& request, const RouteMatch& match) const;

  const ServerSettings& settings_;
  const Router& router_;
  const bool loopback_;
};

}  // namespace sdw::http
