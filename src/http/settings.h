#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sdw::http {

// What one client may cost. Every value is a flag of `serve`, an environment variable and a line of its
// settings file.
struct HttpLimits {
  std::size_t max_header_bytes = 16 << 10;  // request line and header fields together
  std::uint64_t max_body_bytes = 64 << 20;
  std::size_t body_budget = 256 << 20;  // of all bodies being read and answers being written
  std::size_t max_connections = 8192;
  std::size_t max_connections_per_client = 4096;  // by address
  std::chrono::milliseconds header_timeout{
      10'000};  // from a connection's or a request's first moment to its last header
  std::chrono::milliseconds body_timeout{120'000};     // for a whole body
  std::chrono::milliseconds idle_timeout{75'000};      // between two requests of a connection
  std::chrono::milliseconds write_timeout{30'000};     // for the peer to take what is written to it
  std::chrono::milliseconds stream_heartbeat{15'000};  // between two comments of a quiet stream
};

struct ServerSettings {
  std::string host = "127.0.0.1";          // an address or a name
  std::uint16_t port = 8080;               // 0: a free one
  std::string api_key;                     // empty: none is asked for
  std::vector<std::string> allowed_hosts;  // more names that a Host header may carry on a loopback address
  std::vector<std::string> cors_origins;   // exact origins, or "*"; empty: CORS is off
  std::filesystem::path tls_certificate;   // PEM chain; empty: plain HTTP
  std::filesystem::path tls_key;           // PEM
  std::chrono::milliseconds drain{30'000};
  HttpLimits limits;
};

}  // namespace sdw::http
