#pragma once

#include "http/asio.h"

namespace sdw::http {

class StreamWriter;

// Writes its own body, of a length nobody knows yet; the connection ends with it.
class StreamBody {
 public:
  virtual ~StreamBody() = default;
  virtual Task<void> write(StreamWriter& out) = 0;
};

}  // namespace sdw::http
