#include <algorithm>
#include <optional>

#include "fuzz/target.h"
#include "http/request_parser.h"

namespace sdw::fuzz {
namespace {

struct Parsed {
  std::optional<unsigned> refusal;
  bool done = false;
  http::Request request;
};

// The bytes in pieces of so many, as a socket may give them.
Parsed parse(std::string_view bytes, std::size_t piece) {
  http::HttpLimits limits;
  limits.max_header_bytes = 4096;
  limits.max_body_bytes = 4096;
  http::RequestParser parser(limits);
  Parsed parsed;
  std::string buffer;
  bool head_read = false;
  while (!parser.done()) {
    std::optional<http::ProtocolError> error;
    const bool had_head = parser.head_done();
    const std::size_t used = parser.put(buffer, error);
    require(used <= buffer.size(), "no more is used up than there was");
    buffer.erase(0, used);
    if (!error && parser.head_done() && !head_read) {
      head_read = true;
      error = parser.read_head(parsed.request);
    }
    if (error) {
      require(error->status >= 400 && error->status < 600 && !error->message.empty(),
              "a refusal has its status");
      parsed.refusal = error->status;
      return parsed;
    }
    if (used > 0 || had_head != parser.head_done()) continue;
    if (bytes.empty()) return parsed;
    const std::size_t taken = std::min(piece, bytes.size());
    buffer.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    require(buffer.size() < 64 << 10, "what waits to be parsed is bounded");
  }
  parsed.done = true;
  parsed.request.body = parser.take_body();
  require(parsed.request.body.size() <= limits.max_body_bytes, "the body's limit holds");
  return parsed;
}

}  // namespace

void http_request(std::span<const std::byte> bytes) {
  const Parsed whole = parse(as_text(bytes), 16 << 10);
  const Parsed pieces = parse(as_text(bytes), 7);
  require(whole.done == pieces.done, "pieces make the same request as the whole");
  if (!whole.done) return;
  require(
      whole.request.body.view() == pieces.request.body.view() && whole.request.path == pieces.request.path,
      "pieces make the same request as the whole");
  for (const std::string& segment : whole.request.path)
    require(segment.find('\0') == std::string::npos, "a path holds no NUL");
}

}  // namespace sdw::fuzz
