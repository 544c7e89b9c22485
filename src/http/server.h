#pragma once

#include <memory>
#include <string>

#include "http/api.h"
#include "support/result.h"

namespace sdw::http {

// The HTTP side of the worker. Everything of it runs on the thread that calls run().
class Server {
 public:
  // What `api` refers to outlives the server.
  explicit Server(const Api& api);
  ~Server();

  // Binds the address and begins to accept. Errors: invalid_request (host, TLS files), io_error (address in
  // use).
  Status listen();
  // "http://127.0.0.1:8080". Precondition: listen() went well.
  std::string url() const;

  // Serves until it has been drained. The first SIGTERM, SIGINT or SIGHUP drains, a second SIGTERM or SIGINT
  // ends the process at once.
  void run();

  // Begins to shut down: nothing new is taken, running jobs have the settings' `drain` to finish, streams get
  // their end, then run() returns. Only the first call counts. From any thread.
  void drain();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdw::http
