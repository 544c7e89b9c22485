#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "http/headers.h"
#include "support/error.h"

namespace sdw::http {

class StreamBody;  // http/stream_body.h: a body that is written while it comes into being

// Bytes that somebody else keeps (a picture, a job's result, a file of the page), between two texts.
struct SharedBody {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
  std::string before{};
  std::string after{};
};

struct Response {
  unsigned status = 200;
  Headers headers;
  std::variant<std::string, SharedBody, std::shared_ptr<StreamBody>> body;

  bool is_stream() const { return std::holds_alternative<std::shared_ptr<StreamBody>>(body); }
};

Response json_response(unsigned status, std::string body);
Response text_response(unsigned status, std::string_view content_type, std::string body);

// The one shape of every error: {"error":{"message","type","param","code"}}.
Response error_response(const Error& error);
// The same for what the protocol itself refuses: 400, 408, 413, 415, 417, 431, 501, 505.
Response protocol_error(unsigned status, std::string_view message);

}  // namespace sdw::http
