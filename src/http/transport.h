#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <memory>
#include <span>
#include <string>

#include "http/asio.h"

namespace sdw::http {

// One connection's bytes, plain or through TLS. One read and one write may be under way at a time, on the I/O
// thread.
class Transport {
 public:
  using Duration = std::chrono::milliseconds;
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~Transport() = default;

  // Before anything else; does nothing on a plain connection.
  virtual Task<error_code> handshake(Duration limit) = 0;
  // At least one byte, or an error: `net::error::eof` at the peer's end, `beast::error::timeout` at `until`.
  virtual Task<std::size_t> read_some(std::span<char> into, TimePoint until, error_code& error) = 0;
  // Ends the read under way with an error; bytes may still be written.
  virtual void interrupt() = 0;
  // All of the bytes, or an error. The limit starts anew whenever the peer takes some, but in all a peer has
  // no longer than it needs at 16 KiB a second.
  virtual Task<error_code> write(std::span<const net::const_buffer> buffers, Duration limit) = 0;
  // Tells the peer that nothing more will be written.
  virtual Task<void> finish(Duration limit) = 0;
  // Ends everything under way.
  virtual void close() = 0;
};

std::unique_ptr<Transport> plain_transport(Socket socket);
std::unique_ptr<Transport> tls_transport(Socket socket, net::ssl::context& context);

}  // namespace sdw::http
