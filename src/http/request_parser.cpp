#include "http/request_parser.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "http/target.h"

namespace sdw::http {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;

constexpr std::size_t kMaxChunkHeader = 4096;  // a chunk's size line with its extensions, or the trailer
// Headers whose meaning would depend on which of two is believed. Of repeated lengths RFC 9112 (6.3) leaves
// the choice; ours is to refuse them all, equal ones too.
constexpr std::array<std::string_view, 9> kOnce = {
    "Host",   "Origin",          "Authorization", "Content-Length", "Transfer-Encoding", "Content-Encoding",
    "Expect", "Idempotency-Key", "Last-Event-ID"};
constexpr unsigned char kTlsHandshake = 0x16;  // a TLS record's first byte; no method begins with it

ProtocolError explain(const boost::system::error_code& code, bool head_done) {
  using beast_http::error;
  if (code == error::header_limit) {
    return {431, "The request line and headers are larger than this server takes."};
  }
  if (code == error::body_limit) return {413, "The body is larger than this server takes."};
  if (code == error::bad_version) return {505, "This server speaks HTTP/1.0 and HTTP/1.1."};
  if (code == error::bad_content_length || code == error::multiple_content_length) {
    return {400, "Content-Length is malformed or contradicts another header."};
  }
  if (code == error::bad_transfer_encoding) return {400, "Transfer-Encoding contradicts another header."};
  if (head_done) return {400, "The body's chunks are malformed."};
  return {400, "The request is not well-formed HTTP/1.1."};
}

// "GET /path HTTP/2.0"
bool ends_with_a_version(std::string_view request_line) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  const std::string_view version = request_line.substr(request_line.rfind(' ') + 1);
  return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
         digit(version[7]);
}

template <class Text>
std::string_view view(const Text& text) {
  return {text.data(), text.size()};
}

std::size_t count(const beast_http::fields& headers, std::string_view name) {
  const auto [first, last] = headers.equal_range({name.data(), name.size()});
  return static_cast<std::size_t>(std::distance(first, last));
}

}  // namespace

ProtocolError no_room_for_body() {
  return {503, "Other requests hold all the memory for bodies; try again later."};
}

RequestParser::RequestParser(const HttpLimits& limits) {
  parser_.header_limit(static_cast<std::uint32_t>(limits.max_header_bytes));
  parser_.body_limit(limits.max_body_bytes);
}

std::size_t RequestParser::put(std::string_view bytes, std::optional<ProtocolError>& error) {
  if (bytes.empty()) return 0;
  if (!parser_.got_some() && static_cast<unsigned char>(bytes.front()) == kTlsHandshake) {
    error = ProtocolError{400, "This port speaks plain HTTP, not TLS."};
    return 0;
  }
  // All chunks at once: each call costs as much as a small one.
  parser_.eager(head_done());
  boost::system::error_code code;
  const std::size_t used = parser_.put(boost::asio::buffer(bytes.data(), bytes.size()), code);
  if (code == beast_http::error::need_more) {
    if (head_done() && used == 0 && bytes.size() > kMaxChunkHeader) {
      error = ProtocolError{400, "A chunk's header is too long."};
    }
    return used;
  }
  // The library says the same of "HTTP/2.0" and of what is no version at all.
  if (code == beast_http::error::bad_version &&
      !ends_with_a_version(bytes.substr(0, bytes.find_first_of("\r\n")))) {
    code = beast_http::error::bad_target;
  }
  if (code) error = explain(code, head_done());
  return used;
}

bool RequestParser::expects_continue() const {
  return parser_.get().version() >= 11 && iequals(view(parser_.get()[field::expect]), "100-continue");
}

std::optional<std::uint64_t> RequestParser::content_length() const {
  const auto length = parser_.content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

std::optional<ProtocolError> RequestParser::read_head(Request& request) const {
  const auto& message = parser_.get();
  const auto& headers = static_cast<const beast_http::fields&>(message.base());
  if (message.version() != 10 && message.version() != 11) {
    return explain(beast_http::error::bad_version, false);
  }
  request.http_1_0 = message.version() == 10;
  for (const std::string_view name : kOnce) {
    if (count(headers, name) > 1) {
      return ProtocolError{400, "The header " + std::string(name) + " may come only once."};
    }
  }
  const auto method = message.method_string();
  request.method = method_from_name(view(method));
  if (!request.http_1_0 && count(headers, "Host") != 1) {
    return ProtocolError{400, "One Host header is needed."};
  }
  // The library takes "5, 5" for 5.
  if (view(headers[field::content_length]).find(',') != std::string_view::npos) {
    return explain(beast_http::error::multiple_content_length, false);
  }
  if (count(headers, "Transfer-Encoding") > 0) {
    if (request.http_1_0 || count(headers, "Content-Length") > 0) {
      return explain(beast_http::error::bad_transfer_encoding, false);
    }
    if (!iequals(view(headers[field::transfer_encoding]), "chunked")) {
      return ProtocolError{501, "The only Transfer-Encoding known here is chunked."};
    }
  }
  if (count(headers, "Content-Encoding") > 0 &&
      !iequals(view(headers[field::content_encoding]), "identity")) {
    return ProtocolError{415, "Compressed bodies are not taken; send the JSON as it is."};
  }
  if (count(headers, "Expect") > 0 && !expects_continue()) {
    return ProtocolError{417, "The only expectation known here is 100-continue."};
  }
  const auto target = message.target();
  if (auto error = parse_target(view(target), request)) return error;
  for (const auto& header : headers) request.headers.add(view(header.name_string()), view(header.value()));
  return std::nullopt;
}

}  // namespace sdw::http
