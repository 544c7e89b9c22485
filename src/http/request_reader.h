#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/byte_budget.h"
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
  // `share` holds what has arrived of the body.
  Task<Outcome> read_body(Request& request, ByteBudget::Share& share);
  // Frees what has arrived of a body that is not wanted.
  void drop_body() { parser_->take_body(); }

  const ProtocolError& refusal() const { return *refusal_; }
  bool body_pending() const { return !parser_->done(); }
  // Of the body; 0 where only its end will tell.
  std::uint64_t announced_bytes() const { return parser_->content_length().value_or(0); }
  bool expects_continue() const { return parser_->expects_continue(); }
  bool keep_alive() const { return parser_->keep_alive(); }

 private:
  Task<std::size_t> read_more(std::size_t size, Transport::TimePoint until, error_code& error);
  std::string_view unparsed() const { return std::string_view(buffer_).substr(parsed_); }
  Outcome refuse(ProtocolError error);

  Transport& transport_;
  const HttpLimits& limits_;
  std::unique_ptr<RequestParser> parser_;
  std::optional<ProtocolError> refusal_;
  std::string buffer_;
  std::size_t parsed_ = 0;  // of the buffer, from its beginning
};

}  // namespace sdw::http
