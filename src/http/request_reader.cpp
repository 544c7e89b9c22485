#include "http/request_reader.h"

#include <algorithm>
#include <boost/beast/core/error.hpp>
#include <utility>

namespace sdw::http {
namespace {

// Every waiting connection holds one piece. It grows for a peer that fills it.
constexpr std::size_t kFirstPiece = 4 << 10;
constexpr std::size_t kLargestPiece = 64 << 10;

using Clock = std::chrono::steady_clock;

}  // namespace

Task<std::size_t> RequestReader::read_more(std::size_t size, Transport::TimePoint until, error_code& error) {
  buffer_.erase(0, std::exchange(parsed_, 0));
  const std::size_t held = buffer_.size();
  buffer_.resize(held + size);
  const std::size_t read = co_await transport_.read_some({buffer_.data() + held, size}, until, error);
  buffer_.resize(held + read);
  co_return read;
}

RequestReader::Outcome RequestReader::refuse(ProtocolError error) {
  refusal_ = std::move(error);
  return Outcome::refused;
}

Task<RequestReader::Outcome> RequestReader::await_request(bool first) {
  parser_ = std::make_unique<RequestParser>(limits_);
  if (!unparsed().empty()) co_return Outcome::done;
  buffer_.clear();
  buffer_.shrink_to_fit();
  parsed_ = 0;
  error_code error;
  const auto until = Clock::now() + (first ? limits_.header_timeout : limits_.idle_timeout);
  co_await read_more(kFirstPiece, until, error);
  co_return error ? Outcome::closed : Outcome::done;
}

Task<RequestReader::Outcome> RequestReader::read_head(Request& request) {
  const auto until = Clock::now() + limits_.header_timeout;
  while (true) {
    std::optional<ProtocolError> error;
    parsed_ += parser_->put(unparsed(), error);
    if (error) co_return refuse(*error);
    if (parser_->head_done()) break;
    error_code failed;
    co_await read_more(kFirstPiece, until, failed);
    if (!failed) continue;
    if (failed == beast::error::timeout) co_return refuse({408, "The headers took too long to arrive."});
    co_return Outcome::closed;
  }
  request.received = Clock::now();
  if (auto error = parser_->read_head(request)) co_return refuse(*error);
  co_return Outcome::done;
}

Task<RequestReader::Outcome> RequestReader::read_body(Request& request, ByteBudget::Share& share) {
  const auto until = Clock::now() + limits_.body_timeout;
  std::size_t piece = kFirstPiece;
  while (!parser_->done()) {
    std::optional<ProtocolError> error;
    const std::size_t used = parser_->put(unparsed(), error);
    parsed_ += used;
    if (error) co_return refuse(*error);
    if (used > 0) continue;
    error_code failed;
    const std::size_t read = co_await read_more(piece, until, failed);
    if (!share.resize(parser_->body_size() + unparsed().size())) co_return refuse(no_room_for_body());
    if (!failed) {
      if (read == piece) piece = std::min(2 * piece, kLargestPiece);
      continue;
    }
    if (failed == beast::error::timeout) co_return refuse({408, "The body took too long to arrive."});
    co_return Outcome::closed;
  }
  request.body = parser_->take_body();
  co_return Outcome::done;
}

}  // namespace sdw::http
