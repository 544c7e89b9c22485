#include "http/request_reader.h"

#include <boost/beast/core/error.hpp>

namespace sdw::http {
namespace {

constexpr std::size_t kHeadPiece = 4 << 10;
constexpr std::size_t kBodyPiece = 64 << 10;

using Clock = std::chrono::steady_clock;

}  // namespace

Task<bool> RequestReader::read_more(std::size_t size, Transport::TimePoint until, error_code& error) {
  const std::size_t held = buffer_.size();
  buffer_.resize(held + size);
  const std::size_t read = co_await transport_.read_some({buffer_.data() + held, size}, until, error);
  buffer_.resize(held + read);
  co_return !error;
}

RequestReader::Outcome RequestReader::refuse(ProtocolError error) {
  refusal_ = std::move(error);
  return Outcome::refused;
}

Task<RequestReader::Outcome> RequestReader::await_request(bool first) {
  parser_ = std::make_unique<RequestParser>(limits_);
  if (!buffer_.empty()) co_return Outcome::done;
  buffer_.shrink_to_fit();
  error_code error;
  const auto until = Clock::now() + (first ? limits_.header_timeout : limits_.idle_timeout);
  co_return co_await read_more(kHeadPiece, until, error) ? Outcome::done : Outcome::closed;
}

Task<RequestReader::Outcome> RequestReader::read_head(Request& request) {
  const auto until = Clock::now() + limits_.header_timeout;
  while (true) {
    std::optional<ProtocolError> error;
    buffer_.erase(0, parser_->put(buffer_, error));
    if (error) co_return refuse(*error);
    if (parser_->head_done()) break;
    error_code failed;
    if (co_await read_more(kHeadPiece, until, failed)) continue;
    if (failed == beast::error::timeout) co_return refuse({408, "The headers took too long to arrive."});
    co_return Outcome::closed;
  }
  request.received = Clock::now();
  if (auto error = parser_->read_head(request)) co_return refuse(*error);
  co_return Outcome::done;
}

Task<RequestReader::Outcome> RequestReader::read_body(Request& request) {
  const auto until = Clock::now() + limits_.body_timeout;
  while (!parser_->done()) {
    std::optional<ProtocolError> error;
    const std::size_t used = parser_->put(buffer_, error);
    buffer_.erase(0, used);
    if (error) co_return refuse(*error);
    if (used > 0) continue;
    error_code failed;
    if (co_await read_more(kBodyPiece, until, failed)) continue;
    if (failed == beast::error::timeout) co_return refuse({408, "The body took too long to arrive."});
    co_return Outcome::closed;
  }
  request.body = parser_->take_body();
  co_return Outcome::done;
}

}  // namespace sdw::http
