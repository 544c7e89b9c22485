#include "http/response.h"

#include <boost/beast/http/status.hpp>
#include <cctype>
#include <nlohmann/json.hpp>

#include "contract/error_body.h"
#include "contract/error_table.h"

namespace sdw::http {
namespace {

// "Request Header Fields Too Large" -> "request_header_fields_too_large"
std::string code_of(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  std::string code;
  for (const char c : std::string_view(reason.data(), reason.size())) {
    code += std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '_';
  }
  return code;
}

}  // namespace

Response text_response(unsigned status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", content_type);
  response.body = std::move(body);
  return response;
}

Response json_response(unsigned status, std::string body) {
  return text_response(status, "application/json", std::move(body));
}

Response error_response(const Error& error) {
  return json_response(static_cast<unsigned>(contract::error_entry(error.code).http_status),
                       contract::error_body(error));
}

Response protocol_error(unsigned status, std::string_view message) {
  const nlohmann::json error = {{"message", message},
                                {"type", status < 500 ? "invalid_request_error" : "server_error"},
                                {"param", nullptr},
                                {"code", code_of(status)}};
  return json_response(status, nlohmann::json{{"error", error}}.dump());
}

}  // namespace sdw::http
