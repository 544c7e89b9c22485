#pragma once

#include <span>
#include <string_view>

#include "http/settings.h"
#include "http/transport.h"

namespace sdw::http {

// A body of unknown length: chunks for HTTP/1.1, bare bytes until the end for 1.0.
class StreamWriter {
 public:
  StreamWriter(Transport& transport, const HttpLimits& limits, bool chunked)
      : transport_(transport), limits_(limits), chunked_(chunked) {}

  // Waits until the peer's side has taken all of it. Error: the peer is gone, or took nothing for
  // `write_timeout`.
  Task<error_code> write(std::span<const std::string_view> parts);
  Task<error_code> end();

  Transport& transport() { return transport_; }
  const HttpLimits& limits() const { return limits_; }

 private:
  Transport& transport_;
  const HttpLimits& limits_;
  bool chunked_;
};

}  // namespace sdw::http
