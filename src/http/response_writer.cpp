#include "http/response_writer.h"

#include <array>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <vector>

#include "http/stream_body.h"
#include "http/stream_writer.h"

namespace sdw::http {
namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;

bool bodiless(unsigned status) {
  return status == 204 || status == 304;
}

// The parts of a body of known length, in order.
std::array<std::string_view, 3> known_bytes(const Response& response) {
  if (const auto* text = std::get_if<std::string>(&response.body)) return {*text};
  if (const auto* shared = std::get_if<SharedBody>(&response.body)) {
    return {shared->before, shared->bytes, shared->after};
  }
  return {};
}

std::size_t content_length(const Response& response) {
  std::size_t length = 0;
  for (const std::string_view part : known_bytes(response)) length += part.size();
  return length;
}

// Made once a second.
std::string_view http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  if (const std::time_t now = std::time(nullptr); now != second || text.empty()) {
    text = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(now));
    second = now;
  }
  return text;
}

}  // namespace

std::string response_head(const Request& request, const Response& response, bool keep_alive) {
  beast_http::response<beast_http::empty_body> message;
  message.base().result(response.status);
  message.version(11);
  for (const auto& [name, value] : response.headers) message.insert(name, value);
  message.set(field::date, http_date());
  message.set("X-Content-Type-Options", "nosniff");
  if (message.find(field::cache_control) == message.end()) message.set(field::cache_control, "no-store");
  const bool stream = response.is_stream();
  if (stream && !request.http_1_0) message.set(field::transfer_encoding, "chunked");
  if (!stream && !bodiless(response.status)) {
    message.set(field::content_length, std::to_string(content_length(response)));
  }
  if (!keep_alive) {
    message.set(field::connection, "close");
  } else if (request.http_1_0) {
    message.set(field::connection, "keep-alive");
  }

  beast_http::response_serializer<beast_http::empty_body> serializer(message);
  serializer.split(true);
  error_code error;
  std::string head;
  serializer.next(error, [&](error_code&, const auto& buffers) {
    for (const net::const_buffer part : beast::buffers_range_ref(buffers)) {
      head.append(static_cast<const char*>(part.data()), part.size());
    }
  });
  return head;
}

Task<error_code> write_response(Transport& transport, const HttpLimits& limits, const Request& request,
                                const Response& response, bool keep_alive) {
  const std::string head = response_head(request, response, keep_alive);
  const bool body = request.method != Method::head && !bodiless(response.status);
  std::vector<net::const_buffer> buffers = {net::buffer(head)};
  if (body) {
    for (const std::string_view part : known_bytes(response)) {
      buffers.push_back(net::buffer(part.data(), part.size()));
    }
  }
  error_code error = co_await transport.write(buffers, limits.write_timeout);
  const auto* stream = std::get_if<std::shared_ptr<StreamBody>>(&response.body);
  if (error || !stream || !body) co_return error;
  StreamWriter writer(transport, limits, !request.http_1_0);
  co_await (*stream)->write(writer);
  co_return co_await writer.end();
}

}  // namespace sdw::http
