#include "http/etag.h"

#include <array>
#include <fmt/format.h>
#include <openssl/sha.h>

namespace sdw::http {
namespace {

bool names(std::string_view list, std::string_view quoted) {
  if (list == "*") return true;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry.starts_with("W/")) entry.remove_prefix(2);
    if (entry == quoted) return true;
  }
  return false;
}

}  // namespace

Response with_etag(const Request& request, Response response, std::string_view tag) {
  const std::string quoted = fmt::format("\"{}\"", tag);
  response.headers.set("ETag", quoted);
  if (!names(request.headers["If-None-Match"], quoted)) return response;
  response.status = 304;
  response.headers.erase("Content-Type");
  response.body = std::string();
  return response;
}

std::string tag_of(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string text;
  for (std::size_t i = 0; i < 12; ++i) text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace sdw::http
