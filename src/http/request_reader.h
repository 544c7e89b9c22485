#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/request_parser.h"
#include "http/transport.h"

namespace sdw::http {

// Reads one request after another from a connection, each part within its time.
class RequestReader {
 public:
  RequestReader(Transport& transport, const HttpLimits& limits) : transport_(transport), limits_(limits) {}

  enum class Outcome { done, refused, closed };

  // Waits until the next request's first bytes are here. `closed`: the peer left, or sent nothing in time.
  Task<Outcome> await_request(bool first);
  // The next two follow each other. `refused`: answer refusal() and end the connection.
  Task<Outcome> read_head(Request& request);
  Task<Outcome> read_body(Request& request);

  const ProtocolError& refusal() const { return *refusal_; }
  bool body_pending() const { return !parser_->done(); }
  bool expects_continue() const { return parser_->expects_continue(); }
  bool keep_alive() const { return parser_->keep_alive(); }

 private:
  Task<bool> read_more(std::size_t size, Transport::TimePoint until, error_code& error);
  Outcome refuse(ProtocolError error);

  Transport& transport_;
  const HttpLimits& limits_;
  std::unique_ptr<RequestParser> parser_;
  std::optional<ProtocolError> refusal_;
  std::string buffer_;  // read and not yet parsed
};

}  // namespace sdw::http
