#include "http/stream_writer.h"

#include <fmt/format.h>
#include <vector>

namespace sdw::http {

Task<error_code> StreamWriter::write(std::span<const std::string_view> parts) {
  std::vector<net::const_buffer> buffers;
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (size == 0) co_return error_code{};
  const std::string head = chunked_ ? fmt::format("{:x}\r\n", size) : std::string();
  buffers.push_back(net::buffer(head));
  for (const std::string_view part : parts) buffers.push_back(net::buffer(part.data(), part.size()));
  if (chunked_) buffers.push_back(net::buffer("\r\n", 2));
  co_return co_await transport_.write(buffers, limits_.write_timeout);
}

Task<error_code> StreamWriter::end() {
  if (!chunked_) co_return error_code{};
  const net::const_buffer last = net::buffer("0\r\n\r\n", 5);
  co_return co_await transport_.write({&last, 1}, limits_.write_timeout);
}

}  // namespace sdw::http
