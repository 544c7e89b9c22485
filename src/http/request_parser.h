#pragma once

#include <boost/beast/http/parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/paged_body.h"
#include "http/request.h"
#include "http/settings.h"

namespace sdw::http {

// Why a request is refused by the protocol itself.
struct ProtocolError {
  unsigned status = 400;
  std::string message;
};

// 503: what other requests hold leaves no room for this one's body.
ProtocolError no_room_for_body();

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
  // What the header announces; nothing for chunks. Precondition: head_done().
  std::optional<std::uint64_t> content_length() const;
  std::size_t body_size() const { return parser_.get().body().size(); }
  PageBuffer take_body() { return std::move(parser_.get().body()); }

 private:
  boost::beast::http::request_parser<PagedBody> parser_;
};

}  // namespace sdw::http
