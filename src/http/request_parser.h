#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "http/request.h"
#include "http/settings.h"

namespace sdw::http {

// Why a request is refused by the protocol itself.
struct ProtocolError {
  unsigned status = 400;
  std::string message;
};

// One HTTP/1.x request out of bytes that come in pieces. Holds no socket, so that it can be fuzzed.
class RequestParser {
 public:
  explicit RequestParser(const HttpLimits& limits);

  // Uses up some of `bytes`, which begin where the last call's use ended, and says how many. 0 without an
  // error: more bytes are needed. Stops at the end of the header and at the end of the request.
  std::size_t put(std::string_view bytes, std::optional<ProtocolError>& error);

  bool head_done() const { return parser_.is_header_done(); }
  bool done() const { return parser_.is_done(); }
  bool keep_alive() const { return parser_.get().keep_alive(); }
  // True where the client waits for "100 Continue". Precondition: head_done().
  bool expects_continue() const;

  // The request's line and header. Precondition: head_done(). Error: what the protocol forbids or we do not
  // do.
  std::optional<ProtocolError> read_head(Request& request) const;
  std::string take_body() { return std::move(parser_.get().body()); }

 private:
  boost::beast::http::request_parser<boost::beast::http::string_body> parser_;
};

}  // namespace sdw::http
